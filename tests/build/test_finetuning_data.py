"""Pairs: every mistake is named with its line, nothing of the text is said, and what remains becomes tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import CAUSAL_FAMILIES, ENCODER_DECODER_FAMILIES, make_tiny_model

from briefd_build.errors import BuildError
from briefd_build.finetuning.batches import IGNORED, assemble, plan_epoch
from briefd_build.finetuning.examples import Example, PairEncoder
from briefd_build.finetuning.pairs import Pair, hold_out, parse_pair, read_pairs
from briefd_build.generative.source import find_end_ids, find_model, load_tokenizer
from briefd_build.templates import find_template

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

SECRET = "kumquat"
TEXT = "The council voted on Monday to close the old bridge. Heavy rain flooded the streets. Voters go to the polls."
SUMMARY = "The council closes the bridge."
PAIR = Pair(TEXT, SUMMARY, "pairs.jsonl, line 1")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"text": "kumquat"', "is not valid JSON; write one object a line"),
        (b'["kumquat"]', "is not a JSON object"),
        (b'{"text": "kumquat"}', "has no 'summary'; add it, or remove the line"),
        (b'{"summary": "kumquat"}', "has no 'text'"),
        (b'{"text": ["kumquat"], "summary": "kumquat"}', "'text' is not a string"),
        (b'{"text": "kumquat", "summary": null}', "'summary' is not a string"),
        (b'{"text": "kumquat", "summary": " \\n"}', "'summary' is empty; fill it in, or remove the line"),
        (b'{"text": "kumquat \\udc00", "summary": "kumquat"}', "'text' has half of a character"),
        (b'{"text": "kumquat \xff", "summary": "kumquat"}', "is not UTF-8; convert the file"),
        (b"[" * 100_000, "is not valid JSON"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_never_quoted(tmp_path: Path, line: bytes, message: str) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b'{"text": "a", "summary": "b"}\n\n' + line + b"\n")
    with pytest.raises(BuildError, match=f"pairs.jsonl, line 3: .*{message}") as raised:
        read_pairs(file)
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)


@given(st.text())
def test_any_other_line_is_refused_or_a_pair(line: str) -> None:
    try:
        text, summary = parse_pair(line)
    except ValueError:
        return
    assert text
    assert summary


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_pairs_are_read_whatever_they_say(text: str, summary: str) -> None:
    line = json.dumps({"text": text, "summary": summary, "id": 7}, ensure_ascii=False)
    if text.strip() and summary.strip():
        assert parse_pair(line) == (text.strip(), " ".join(summary.split()))
    else:
        with pytest.raises(ValueError, match="is empty"):
            parse_pair(line)


def test_a_file_is_read_with_its_byte_order_mark_and_empty_lines(tmp_path: Path) -> None:
    file = tmp_path / "pairs.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"text": "a\\u2028b", "summary": "c\\nd"}\r\n\r\n{"text": "e", "summary": "f"}')
    assert read_pairs(file) == [Pair("a\u2028b", "c d", f"{file}, line 1"), Pair("e", "f", f"{file}, line 3")]


def test_files_without_pairs_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    with pytest.raises(BuildError, match="holds no pairs; write one a line"):
        read_pairs(tmp_path / "empty")
    with pytest.raises(BuildError, match="cannot be read"):
        read_pairs(tmp_path)


@given(st.lists(st.integers(0, 20), min_size=1), st.floats(0.01, 0.5), st.integers(0, 3))
def test_held_out_texts_are_never_trained_on(numbers: list[int], share: float, seed: int) -> None:
    pairs = [Pair(f"text {number}", "summary", f"line {place}") for place, number in enumerate(numbers)]
    texts = set(numbers)
    if len(texts) == 1:
        with pytest.raises(BuildError, match="one text only; add others, or give pairs to measure on with --eval"):
            hold_out(pairs, share, seed)
        return
    trained, held_out = hold_out(pairs, share, seed)
    assert sorted(trained + held_out) == sorted(pairs)
    assert not {pair.text for pair in trained} & {pair.text for pair in held_out}
    assert trained
    assert len({pair.text for pair in held_out}) == max(1, round(len(texts) * share))
    assert hold_out(pairs, share, seed) == (trained, held_out)


def make_encoder(
    directory: Path, family: str, context_tokens: int = 200, **model: Any
) -> tuple[PairEncoder, Tokenizer]:
    source = find_model(str(make_tiny_model(family, directory, **model)))
    tokenizer = load_tokenizer(source)
    template = find_template(family, tokenizer, directory)
    end_id = find_end_ids(source, tokenizer)[0]
    is_encoder_decoder = source.is_encoder_decoder
    return (
        PairEncoder(tokenizer, template, end_id, is_encoder_decoder=is_encoder_decoder, context_tokens=context_tokens),
        tokenizer,
    )


def written(tokenizer: Tokenizer, ids: np.ndarray) -> str:
    return tokenizer.decode(ids.tolist(), skip_special_tokens=False)


@pytest.mark.parametrize("family", CAUSAL_FAMILIES)
def test_a_causal_model_reads_the_pair_as_one_text(tmp_path: Path, family: str) -> None:
    encoder, tokenizer = make_encoder(tmp_path, family)
    example = encoder.encode(PAIR)
    whole = f"{TEXT}\n\nOne-sentence summary: {SUMMARY}"
    assert written(tokenizer, np.concatenate([example.prompt_ids, example.summary_ids])) == f"{whole}<|endoftext|>"
    assert np.concatenate([example.prompt_ids, example.summary_ids]).tolist()[:-1] == tokenizer.encode(whole).ids
    assert written(tokenizer, example.summary_ids) == f" {SUMMARY}<|endoftext|>"
    assert not example.is_shortened


def test_a_chat_answers_without_a_space_and_ends_its_turn(tmp_path: Path) -> None:
    encoder, tokenizer = make_encoder(tmp_path, "qwen2", chat=True)
    example = encoder.encode(PAIR)
    assert written(tokenizer, example.summary_ids) == f"{SUMMARY}<|im_end|>"
    assert written(tokenizer, example.prompt_ids).endswith(f"{TEXT}<|im_end|>\n<|im_start|>assistant\n")
    assert example.prompt_ids[0] == tokenizer.token_to_id("<|im_start|>")


@pytest.mark.parametrize(("family", "start", "prefix"), [("t5", "", "Summarize in one"), ("bart", "<s>", "<s>The cou")])
def test_an_encoder_reads_the_prompt_alone(tmp_path: Path, family: str, start: str, prefix: str) -> None:
    encoder, tokenizer = make_encoder(tmp_path, family)
    example = encoder.encode(PAIR)
    assert written(tokenizer, example.summary_ids) == f"{start}{SUMMARY}</s>"
    prompt = written(tokenizer, example.prompt_ids)
    assert prompt.startswith(prefix)
    assert prompt.endswith(f"{TEXT}</s>")


@pytest.mark.parametrize("family", [*CAUSAL_FAMILIES, *ENCODER_DECODER_FAMILIES])
def test_long_texts_end_with_a_sentence_and_fit(tmp_path: Path, family: str) -> None:
    encoder, tokenizer = make_encoder(tmp_path, family)
    least, full = encoder.encode(PAIR._replace(text=TEXT[: TEXT.index(".") + 1])), encoder.encode(PAIR)
    is_causal = family in CAUSAL_FAMILIES

    def length(example: Example) -> int:
        return len(example) if is_causal else len(example.prompt_ids)

    kept = set()
    for context in range(length(least), length(full) + 1):
        encoder.context_tokens = context
        example = encoder.encode(PAIR)
        assert length(example) <= context
        assert example.is_shortened == (context < length(full))
        assert example.summary_ids.tolist() == full.summary_ids.tolist()
        text = written(tokenizer, example.prompt_ids).split("\n\nOne-")[0].removesuffix("</s>")
        kept.add(text[text.index("The council") :])
    assert kept == {TEXT[: place + 1] for place, character in enumerate(TEXT) if character == "."}


def test_a_sentence_that_is_too_long_ends_after_a_word(tmp_path: Path) -> None:
    encoder, tokenizer = make_encoder(tmp_path, "gpt2")
    encoder.context_tokens = len(encoder.encode(Pair("The old bridge", SUMMARY, "")))
    example = encoder.encode(Pair("The old bridge over the river", SUMMARY, ""))
    assert example.is_shortened
    assert written(tokenizer, example.prompt_ids).startswith("The old bridge\n\nOne-sentence summary:")


def test_a_summary_without_room_for_its_text_is_refused(tmp_path: Path) -> None:
    encoder, _ = make_encoder(tmp_path, "gpt2", context_tokens=40)
    with pytest.raises(BuildError, match=r"line 1: .*shorten the summary, or give more --context-tokens") as raised:
        encoder.encode(PAIR._replace(summary=SUMMARY * 20))
    assert "council" not in str(raised.value)


def test_special_tokens_in_the_data_are_read_as_characters(tmp_path: Path) -> None:
    encoder, tokenizer = make_encoder(tmp_path, "llama", chat=True)
    spelled = Pair("Rain <|im_end|> fell.", "Rain <|im_start|> fell.", "")
    example = encoder.encode(spelled)
    plain = encoder.encode(Pair("Rain fell.", "Rain fell.", ""))
    for ids, plain_ids in ((example.prompt_ids, plain.prompt_ids), (example.summary_ids, plain.summary_ids)):
        assert (ids < 3).sum() == (plain_ids < 3).sum()
    assert written(tokenizer, example.summary_ids) == "Rain <|im_start|> fell.<|im_end|>"


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.integers(1, 9), st.integers(0, 5))
def test_an_epoch_holds_every_example_once(lengths: list[int], batch_size: int, epoch: int) -> None:
    plan = plan_epoch(lengths, batch_size, 1, epoch)
    assert sorted(number for members in plan for number in members) == list(range(len(lengths)))
    assert len(plan) == -(-len(lengths) // batch_size)
    assert plan == plan_epoch(lengths, batch_size, 1, epoch)


def test_a_batch_holds_examples_of_like_length_and_epochs_differ() -> None:
    lengths = np.random.default_rng(0).integers(10, 500, 64).tolist()
    plan = plan_epoch(lengths, 8, 1, 0)
    spread = max(max(lengths[n] for n in members) - min(lengths[n] for n in members) for members in plan)
    assert spread < 150
    assert plan != plan_epoch(lengths, 8, 1, 1)


def test_only_summaries_are_learned() -> None:
    examples = [
        Example(np.array([5, 6, 7], np.int32), np.array([8, 9], np.int32), is_shortened=False),
        Example(np.array([5], np.int32), np.array([8, 9, 3], np.int32), is_shortened=False),
    ]
    causal = assemble(examples, is_encoder_decoder=False)
    assert causal.input_ids.tolist() == [[5, 6, 7, 8, 9], [5, 8, 9, 3, 0]]
    assert causal.attention_mask.tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 1, 0]]
    assert causal.labels.tolist() == [[IGNORED] * 3 + [8, 9], [IGNORED, 8, 9, 3, IGNORED]]
    split = assemble(examples, is_encoder_decoder=True)
    assert split.input_ids.tolist() == [[5, 6, 7], [5, 0, 0]]
    assert split.attention_mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    assert split.labels.tolist() == [[8, 9, IGNORED], [8, 9, 3]]
