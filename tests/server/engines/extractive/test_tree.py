"""The maximum spanning tree with one root: exact, and a tree whatever the scores."""

from __future__ import annotations

import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from briefd_server.engines.extractive.tree import best_tree


def is_tree(heads) -> bool:
    roots = [word for word, head in enumerate(heads) if word == head]
    if len(roots) != 1:
        return False
    for start in range(len(heads)):
        word, steps = start, 0
        while word != roots[0]:
            word, steps = heads[word], steps + 1
            if steps > len(heads):
                return False
    return True


def total(scores, heads) -> float:
    return float(sum(scores[word, head] for word, head in enumerate(heads)))


def best_total(scores) -> float:
    count = len(scores)
    return max(total(scores, heads) for heads in product(range(count), repeat=count) if is_tree(heads))


def square(elements: st.SearchStrategy, most: int) -> st.SearchStrategy:
    return st.integers(1, most).flatmap(lambda n: arrays(np.float64, (n, n), elements=elements))


@given(square(st.integers(-3, 3), 4) | square(st.floats(-100, 100), 4))
def test_finds_the_best_of_all_trees(scores) -> None:
    heads = best_tree(scores).tolist()
    assert is_tree(heads)
    assert total(scores, heads) == pytest.approx(best_total(scores), abs=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_finds_the_best_of_all_trees_of_five_words(seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 9, (5, 5)).astype(np.float32)
    heads = best_tree(scores).tolist()
    assert is_tree(heads)
    assert total(scores, heads) == best_total(scores)


@given(st.integers(2, 60), st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 1000]))
def test_gives_a_tree_that_no_single_change_betters(count: int, seed: int, most: int) -> None:
    scores = np.random.default_rng(seed).integers(0, most, (count, count)).astype(np.float32)
    assert_locally_best(scores, best_tree(scores).tolist())


def assert_locally_best(scores, heads: list[int]) -> None:
    """Hang every word on every other that is not below it: no such tree has a higher score."""
    assert is_tree(heads)
    for word in range(len(heads)):
        if heads[word] == word:
            continue
        below = {word}
        for _ in heads:
            below |= {child for child, head in enumerate(heads) if head in below}
        others = [other for other in range(len(heads)) if other not in below]
        assert scores[word, heads[word]] >= scores[word, others].max()


def nested_pairs(levels: int):
    """Score pairs highest, then pairs of pairs, and so on: every contraction closes another cycle."""
    words = np.arange(2**levels)
    scores = -np.frompyfunc(int.bit_length, 1, 1)((words[:, None] ^ words).astype(object)).astype(np.float64)
    np.fill_diagonal(scores, -levels - 1.0)
    return scores


def growing_cycle(count: int):
    """Score so that the cycle takes in one more word with every contraction."""
    words = np.arange(count)
    scores = -np.abs(words[:, None] - words).astype(np.float64) * 10 - words[:, None]
    np.fill_diagonal(scores, -1000.0)
    return scores


@pytest.mark.parametrize("scores", [nested_pairs(3), nested_pairs(5), growing_cycle(8), growing_cycle(40)])
def test_opens_nested_cycles(scores) -> None:
    assert_locally_best(scores, best_tree(scores).tolist())


@pytest.mark.parametrize("scores", [nested_pairs(8), growing_cycle(256), np.zeros((256, 256))])
def test_a_window_full_of_cycles_takes_no_time(scores) -> None:
    started = time.process_time()
    assert is_tree(best_tree(scores).tolist())
    assert time.process_time() - started < 2


def test_one_root_only_though_two_score_higher() -> None:
    scores = np.array([[9.0, 0.0], [1.0, 9.0]])
    assert best_tree(scores).tolist() == [0, 0]


def test_one_word() -> None:
    assert best_tree(np.array([[-5.0]])).tolist() == [0]
