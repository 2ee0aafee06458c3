"""All that the parser thinks of a sentence's arcs: as its scores say, in memory that is linear in the sentence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.extractive.arcs import TEMPERATURE, Arcs, join_arcs, probable_arcs
from briefd_server.engines.extractive.session import WindowReading

NAMES = ("det", "nsubj", "obj", "parataxis", "root")
ROOT = NAMES.index("root")


def window_reading(seed: int, count: int, spread: float) -> WindowReading:
    chance = np.random.default_rng(seed)

    def scores(*shape: int) -> np.ndarray:
        return (spread * chance.normal(size=shape)).astype(np.float32)

    channels = len(NAMES) + 1
    return WindowReading(
        scores(count, count),
        scores(count, channels, 2),
        scores(count, channels, 2),
        scores(count, 3),
        *scores(2, count),
    )


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp((scores - scores.max()) / TEMPERATURE)
    return powers / powers.sum()


spans = st.tuples(st.integers(0, 10), st.integers(1, 40)).map(lambda pair: slice(pair[0], sum(pair)))
spreads = st.sampled_from([0.0, 0.5, 3.0, 30.0])


@given(st.integers(0, 2**32), spans, spreads)
def test_probabilities_are_those_of_the_scores(seed: int, span: slice, spread: float) -> None:
    reading = window_reading(seed, 51, spread)
    arcs = probable_arcs(reading, span, NAMES)
    count = span.stop - span.start
    assert sorted(set(arcs.dependents.tolist())) == list(range(count))
    assert (np.diff(arcs.dependents) >= 0).all()
    assert len(arcs.dependents) <= 8 * count
    for word in range(count):
        wanted = softmax(reading.arc_scores[span.start + word, span])
        of_word = arcs.dependents == word
        np.testing.assert_allclose(arcs.probabilities[of_word], wanted[arcs.heads[of_word]], rtol=1e-4)
        left_out = np.delete(wanted, arcs.heads[of_word])
        assert not (left_out > max(1e-3, arcs.probabilities[of_word].min())).any()
    np.testing.assert_allclose(arcs.relations.sum(axis=1), 1.0, rtol=1e-5)


@given(st.integers(0, 2**32), spans)
def test_relations_are_those_of_the_scores_and_roots_alone_are_called_so(seed: int, span: slice) -> None:
    reading = window_reading(seed, 51, 1.0)
    arcs = probable_arcs(reading, span, NAMES)
    for dependent, head, relations in zip(arcs.dependents, arcs.heads, arcs.relations, strict=True):
        if dependent == head:
            assert relations[ROOT] == 1.0
            continue
        row, column = dependent + span.start, head + span.start
        scores = (reading.relation_dependents[row, :-1] * reading.relation_heads[column, :-1]).sum(axis=-1)
        scores[ROOT] = -np.inf
        np.testing.assert_allclose(relations, softmax(scores), atol=1e-5)


def test_the_parts_of_a_sentence_hang_on_the_root_of_its_first() -> None:
    relations = np.eye(len(NAMES), dtype=np.float32)
    first = Arcs(np.array([0, 1]), np.array([1, 1]), np.ones(2, dtype=np.float32), relations[[0, ROOT]], NAMES)
    second = Arcs(np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0.75, 0.25, 1.0]), relations[[ROOT, 2, 1]], NAMES)
    joined = join_arcs([first, second], [2, 2], root=1)
    assert joined.dependents.tolist() == [0, 1, 2, 2, 3]
    assert joined.heads.tolist() == [1, 1, 1, 3, 2]
    assert joined.probabilities.tolist() == [1.0, 1.0, 0.75, 0.25, 1.0]
    assert [NAMES[each] for each in joined.relations.argmax(axis=1)] == ["det", "root", "parataxis", "obj", "nsubj"]


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_no_more_heads_are_told_however_long_the_sentence(spread: float) -> None:
    reading = window_reading(1, 250, spread)
    assert len(probable_arcs(reading, slice(0, 250), NAMES).heads) <= 8 * 250
