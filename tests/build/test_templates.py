"""Prompt templates: which one a model gets, and what a damaged file is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import CAUSAL_FAMILIES, FAMILIES, make_tiny_model
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from briefd_build.errors import BuildError
from briefd_build.templates import (
    TEMPLATE_NAME,
    find_template,
    known_templates,
    parse_template,
    read_template_file,
    write_template,
)
from briefd_server.engines.generative.prompt import Template

if TYPE_CHECKING:
    from pathlib import Path

# Whole characters only: halves of them can't be written.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
KNOWN = known_templates()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models")
    for family in FAMILIES:
        make_tiny_model(family, directory / family)
    for family in ("llama", "qwen2"):
        make_tiny_model(family, directory / f"{family}-chat", chat=True)
    return directory


def find(directory: Path, family: str, name: str | None = None) -> Template:
    return find_template(family, Tokenizer.from_file(str(directory / "tokenizer.json")), directory, name)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_has_its_template(models: Path, family: str) -> None:
    names = {**dict.fromkeys(CAUSAL_FAMILIES, "continuation"), "t5": "instruction", "bart": "plain"}
    assert find(models / family, family) == KNOWN[names[family]].template


@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_the_chat_is_what_the_tokenizers_own_template_makes(models: Path, family: str) -> None:
    directory = models / f"{family}-chat"
    template = find(directory, family)
    assert template == KNOWN["chat"].template
    system, user = (part.partition("\n")[2] for part in template.prefix.split("<|im_start|>")[1:])
    text = "Rain fell.\n\nIt was cold."
    messages = [
        {"role": "system", "content": system.removesuffix("<|im_end|>\n")},
        {"role": "user", "content": user + text},
    ]
    tokenizer = PreTrainedTokenizerFast.from_pretrained(directory)
    rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert template.prefix + text + template.suffix == rendered


def test_a_base_model_that_knows_the_tokens_of_a_chat_gets_none(models: Path, tmp_path: Path) -> None:
    directory = make_tiny_model("qwen2", tmp_path / "base", chat=True)
    file = directory / "tokenizer_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(config | {"eos_token": "<|endoftext|>"}), encoding="utf-8")
    assert find(directory, "qwen2") == KNOWN["continuation"].template


def test_a_models_own_template_wins_over_its_familys_and_a_name_over_both(models: Path, tmp_path: Path) -> None:
    directory = make_tiny_model("gpt2", tmp_path / "own")
    own = Template("Text: ", "\nTitle:")
    (directory / TEMPLATE_NAME).write_text(write_template(own), encoding="utf-8")
    assert find(directory, "gpt2") == own
    assert find(directory, "gpt2", "plain") == KNOWN["plain"].template


def test_what_cannot_be_found_is_refused_with_the_fix(models: Path) -> None:
    with pytest.raises(BuildError, match="no template 'chatt'; choose one of chat, continuation, instruction, plain"):
        find(models / "gpt2", "gpt2", "chatt")
    with pytest.raises(BuildError, match=r"needs a tokenizer that knows <\|im_end\|>; choose another one"):
        find(models / "gpt2", "gpt2", "chat")
    with pytest.raises(BuildError, match="no template for the family 'mamba'; name one with --template"):
        find(models / "gpt2", "mamba")


@given(TEXTS, TEXTS)
def test_a_template_survives_its_file(prefix: str, suffix: str) -> None:
    template = Template(prefix, suffix)
    assert parse_template(write_template(template).encode()) == template


@given(st.recursive(st.none() | st.booleans() | TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)))
def test_no_other_json_is_a_template(value: object) -> None:
    is_template = isinstance(value, dict) and value.keys() == {"prefix", "suffix"}
    if not is_template:
        with pytest.raises(ValueError, match=r"must|write"):
            parse_template(json.dumps(value).encode())


@given(st.binary())
def test_no_content_makes_it_fail_otherwise(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"must|write"):
        parse_template(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"\xff", "not valid JSON in UTF-8"),
        (b"[]", "must be an object with a prefix and a suffix"),
        (b'{"prefix": ""}', "must be an object with a prefix and a suffix"),
        (b'{"prefix": 1, "suffix": ""}', "must be texts, which may be empty"),
        (b'{"prefix": "\\ud800", "suffix": ""}', "half of a character"),
        (b'{"prefix": "", "suffix": "", "system": ""}', "must be an object with a prefix and a suffix"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / TEMPLATE_NAME
    file.write_bytes(content)
    with pytest.raises(BuildError, match=f"{TEMPLATE_NAME}: .*{message}"):
        read_template_file(file)
