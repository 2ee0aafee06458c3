"""The headline model from end to end: a tiny corpus becomes a directory that transformers loads and that writes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from tiny_corpus import write_corpus
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, GPTNeoXForCausalLM

from briefd_build.errors import BuildError
from briefd_build.folder import BuildFolder
from briefd_build.headlines.building import HeadlineBuild
from briefd_build.headlines.measuring import write
from briefd_build.headlines.passages import PassageShape
from briefd_build.headlines.recipe import HeadlineRecipe
from briefd_build.headlines.training import Plan, Shape
from briefd_server.bundle.finding import DEFAULT_BUNDLE, PACKAGED_DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path

RECIPE = HeadlineRecipe(
    shapes=(PassageShape((2, 4), (15, 80), 1.0),),
    rounds=1,
    held_out_passages=6,
    written_sentences=2,
    shape=Shape(vocabulary=300, width=32, layers=2, heads=2, positions=512),
    plan=Plan(steps=4, rate=1e-3, warmup_steps=2, cooldown_share=0.5, text_weight=0.5, checkpoint_steps=3),
    batch_tokens=512,
)


def build(directory: Path, recipe: HeadlineRecipe = RECIPE) -> list[str]:
    """Build, or go on with what was built before; returns the names of the stages that were worked on."""
    stages: dict[str, None] = {}

    def report(stage: str, done: float) -> None:
        assert 0 <= done <= 1
        stages[stage.partition(",")[0]] = None

    teacher = PACKAGED_DIRECTORY / DEFAULT_BUNDLE
    folder = BuildFolder(directory / "build")
    HeadlineBuild(recipe, directory / "data", teacher, folder, directory / "out", report).run()
    return list(stages)


@pytest.mark.long
def test_from_the_corpora_to_a_model_that_writes(tmp_path: Path) -> None:
    write_corpus(tmp_path / "data", train_count=4)
    assert build(tmp_path) == ["pairs", "held-out pairs", "training"]
    weights = check_model(tmp_path / "out")
    check_papers(tmp_path / "out")
    (tmp_path / "out/notes.txt").write_text("the user's own", encoding="utf-8")
    (tmp_path / "out/model.safetensors").unlink()
    assert build(tmp_path) == []
    for name, weight in check_model(tmp_path / "out").items():
        torch.testing.assert_close(weight, weights[name], atol=0, rtol=0)
    assert (tmp_path / "out/notes.txt").exists()
    assert not list((tmp_path / "out").glob(".*"))
    with pytest.raises(BuildError, match="another build"):
        build(tmp_path, replace(RECIPE, seed=2))


def check_model(directory: Path) -> dict[str, torch.Tensor]:
    """What transformers reads is a Pythia-like network that answers the template's prompt."""
    network = AutoModelForCausalLM.from_pretrained(directory)
    assert isinstance(network, GPTNeoXForCausalLM)
    assert network.config.use_parallel_residual
    assert not network.config.tie_word_embeddings
    assert network.config.rope_parameters["partial_rotary_factor"] == 0.25
    tokenizer = AutoTokenizer.from_pretrained(directory)
    template = json.loads((directory / "briefd-template.json").read_text(encoding="utf-8"))
    text = "The old pump filled the tank in the cellar."
    prompt = tokenizer(template["prefix"] + text + template["suffix"], return_tensors="pt")
    plain = Tokenizer.from_file(str(directory / "tokenizer.json"))
    parts = plain.encode(template["prefix"]).ids + plain.encode(text + template["suffix"]).ids
    assert prompt["input_ids"].tolist() == [parts]
    answer = network.generate(**prompt)[0, len(parts) :]
    written, ended = write(network, plain, text)
    assert written == plain.decode(answer.tolist()).strip()
    assert ended == (network.config.eos_token_id in answer.tolist())
    return network.state_dict()


def check_papers(directory: Path) -> None:
    provenance = json.loads((directory / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["steps_done"] == 4
    assert {source["folder"] for source in provenance["data"]} >= {"gum", "scitldr", "gov_posts"}
    assert provenance["measures"]["sentence_count"] == 2
    card = (directory / "README.md").read_text(encoding="utf-8")
    assert "an example and test model" in card
    assert "allenai/scitldr: Apache-2.0" in card


def test_a_directory_that_cannot_be_made_is_known_at_once(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file", encoding="utf-8")
    with pytest.raises(BuildError, match=r"cannot be written to .*; name another --out"):
        build(tmp_path)
