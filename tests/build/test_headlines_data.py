"""What the headline model learns from: passages, pairs, tokens, batches."""

from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_corpus import write_corpus

from briefd_build.byte_level import END_OF_TEXT, train_tokenizer
from briefd_build.corpora.documents import Document, read_abstracts
from briefd_build.headlines.batches import Batches, swap
from briefd_build.headlines.pairs import Pair, found_share, human_pairs, read_lines, teach, write_lines
from briefd_build.headlines.passages import PassageShape, cut_passages
from briefd_build.headlines.tokens import (
    TEMPLATE,
    Example,
    encode_pairs,
    interchangeable_ids,
)
from briefd_server.bundle.finding import DEFAULT_BUNDLE, PACKAGED_DIRECTORY
from briefd_server.errors import BundleError
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SHAPE = PassageShape((2, 4), (6, 20), 1.0)
FOX = "The quick fox of Ohio jumped over 12 lazy dogs near the old mill."


def documents_of(word_counts: Sequence[int]) -> list[Document]:
    return [Document(tuple("word " * (count - 1) + f"last{n}." for n, count in enumerate(word_counts)), ())]


@given(st.lists(st.integers(1, 30), max_size=40), st.integers(1, 3), st.integers(0, 5))
def test_passages_are_whole_sentences_in_order_within_their_shape(
    word_counts: list[int], rounds: int, seed: int
) -> None:
    (document,) = documents = documents_of(word_counts)
    for passage in cut_passages(documents, [SHAPE], rounds, seed):
        assert 6 <= count_words(passage) <= 20
        ends = [int(word[4:-1]) for word in passage.split() if word.startswith("last")]
        assert ends == list(range(ends[0], ends[-1] + 1))
        assert len(ends) <= 4
        assert passage.split() == " ".join(document.sentences[ends[0] : ends[-1] + 1]).split()


def test_passages_of_a_seed_are_the_same_and_rounds_differ() -> None:
    documents = documents_of([4] * 60)
    first, second = (list(cut_passages(documents, [SHAPE], 2, 1)) for _ in range(2))
    assert first == second
    one_round = list(cut_passages(documents, [SHAPE], 1, 1))
    assert first[: len(one_round)] == one_round
    assert len(set(first)) > len(one_round)


def test_human_summaries_of_the_right_length_that_keep_to_the_text() -> None:
    sentences = (FOX, "Nobody in the village had seen such a thing before.")
    right = "The quick fox jumped over lazy dogs near the old mill."
    refused = (
        "The fox jumped.",  # too short
        "The quick fox jumped over lazy dogs near the old mill",  # no sentence
        "Our government plans taxes for quick foxes who jumped over the old mill.",  # words from elsewhere
    )
    assert list(human_pairs([Document(sentences, (right, *refused))], 260)) == [Pair(" ".join(sentences), right)]
    assert list(human_pairs([Document(sentences, (right,))], 15)) == [Pair(FOX, right)]


def test_share_of_words_found() -> None:
    assert found_share("The foxes jumped far.", FOX) == 0.75
    assert found_share("…", FOX) == 0


def test_the_teacher_writes_the_rest(tmp_path: Path) -> None:
    write_corpus(tmp_path, train_count=2)
    documents = read_abstracts(tmp_path / "scitldr/train.jsonl.gz")
    texts = ["Too short.", *cut_passages(documents, [PassageShape((2, 3), (15, 80), 1.0)], 1, 1)]
    done: list[float] = []
    pairs = teach(texts, PACKAGED_DIRECTORY / DEFAULT_BUNDLE, 1, done.append)
    assert [pair.text for pair in pairs] == texts[1:]
    assert all(10 <= count_words(pair.summary) <= 15 for pair in pairs)
    assert all(found_share(pair.summary, pair.text) == 1 for pair in pairs)
    assert done[0] == 0
    (tmp_path / "pairs.jsonl").write_text(write_lines(pairs), encoding="utf-8")
    assert read_lines(tmp_path / "pairs.jsonl") == pairs


def test_an_interrupt_is_for_the_parent_to_answer() -> None:
    def interrupt_processes(_: float) -> None:
        for process in multiprocessing.active_children():
            os.kill(process.pid or 0, signal.SIGINT)

    assert len(teach([FOX] * 65, PACKAGED_DIRECTORY / DEFAULT_BUNDLE, 1, interrupt_processes)) == 65


def test_a_teacher_that_cannot_be_read_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        teach([FOX], tmp_path, 1, lambda done: None)


def test_a_word_is_the_same_token_wherever_it_stands() -> None:
    tokenizer = train_tokenizer([FOX] * 4, 320, add_prefix_space=True)
    (pair,) = encode_pairs(tokenizer, [Pair("The fox.", "The fox.")], 512)
    prompt, summary = pair.prompt_ids.tolist(), pair.summary_ids.tolist()
    suffix = tokenizer.encode("x" + TEMPLATE.suffix).ids[len(tokenizer.encode("x").ids) :]
    assert prompt == tokenizer.encode(TEMPLATE.prefix + "The fox." + TEMPLATE.suffix).ids
    assert prompt == [tokenizer.token_to_id(END_OF_TEXT), *summary[:-1], *suffix]
    assert summary[-1] == tokenizer.token_to_id(END_OF_TEXT)
    assert tokenizer.decode(summary) == " The fox."


def test_pairs_that_do_not_fit_are_left_out() -> None:
    tokenizer = train_tokenizer([FOX] * 4, 320, add_prefix_space=True)
    short, long = Pair("The fox.", "The fox."), Pair(FOX * 9, FOX)
    assert [len(each) for each in encode_pairs(tokenizer, [long, short], 40)] == [
        len(encode_pairs(tokenizer, [short], 512)[0])
    ]


def test_names_and_numbers_are_interchangeable_and_sentence_openers_are_not() -> None:
    texts = ["the Ohio Texas 12 345 The Ohio Texas 12 345 the"] * 4
    tokenizer = train_tokenizer(texts, 320, add_prefix_space=True)
    names, numbers = (
        {tokenizer.id_to_token(number) for number in group.tolist()} for group in interchangeable_ids(tokenizer)
    )
    assert {"ĠOhio", "ĠTexas"} <= names
    assert "ĠThe" not in names
    assert {"Ġ12", "Ġ345"} <= numbers


@given(st.lists(st.integers(0, 30), min_size=1, max_size=50), st.integers(0, 9))
def test_swapping_keeps_the_sequence_consistent(ids: list[int], seed: int) -> None:
    before = np.array(ids, np.int32)
    groups = [np.arange(10, 20), np.arange(25, 28)]
    after = swap(before, groups, np.random.default_rng(seed))
    renamed: dict[int, int] = {}
    for old, new in zip(before.tolist(), after.tolist(), strict=True):
        assert renamed.setdefault(old, new) == new
        group = next((group for group in groups if old in group), None)
        assert new == old if group is None else new in group


@pytest.fixture
def batches() -> Batches:
    chance = np.random.default_rng(3)
    examples = [
        Example(
            chance.integers(1, 100, length, dtype=np.int32),
            np.append(chance.integers(1, 100, 5, dtype=np.int32), np.int32(0)),
        )
        for length in chance.integers(5, 60, 200).tolist()
    ]
    return Batches(examples, [np.arange(20, 40)], 256, 0.5, 0.5, 1)


def test_batches_hold_every_example_once_and_keep_to_their_size(batches: Batches) -> None:
    rows = 0
    for batch in batches.once():
        assert batch.token_ids.numel() <= 256
        assert batch.summary_mask.sum(1).tolist() == [6] * len(batch.token_ids)
        assert not (batch.summary_mask & batch.text_mask).any()
        rows += len(batch.token_ids)
    assert rows == 200


def test_a_step_has_the_same_batch_whenever_it_is_asked_for(batches: Batches) -> None:
    epoch_steps = sum(1 for _ in batches.once())
    straight = batches.from_step(0)
    first = [next(straight) for _ in range(epoch_steps + 3)]
    for step in (1, epoch_steps - 1, epoch_steps, epoch_steps + 2):
        again = next(batches.from_step(step))
        for name in ("token_ids", "summary_mask", "text_mask"):
            assert getattr(again, name).equal(getattr(first[step], name))
    assert not first[0].token_ids.equal(first[epoch_steps].token_ids)
