"""The knapsack on a tree: the best connected part of every size."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import trees

from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, TreeKnapsack, top_down

_VALUES = st.integers(-9, 9)


def is_part(heads: list[int], kept: frozenset[int], node: int) -> bool:
    """Whether the nodes hang together under `node`."""
    return node in kept and all(other == node or heads[other] in kept - {other} for other in kept)


def worth(heads: list[int], values: list[int], drop_costs: list[int], kept: frozenset[int], free: set[int]) -> int:
    dropped = [n for n, head in enumerate(heads) if n != head and n not in kept and head in kept and n not in free]
    return sum(values[n] for n in kept) - sum(drop_costs[n] for n in dropped)


def best_totals(heads, values, drop_costs, node: int, most: int, free: set[int]) -> list[float]:
    totals = [IMPOSSIBLE] * (most + 1)
    for size in range(1, most + 1):
        for chosen in combinations(range(len(heads)), size):
            kept = frozenset(chosen)
            if is_part(heads, kept, node) and not free & kept:
                totals[size] = max(totals[size], worth(heads, values, drop_costs, kept, free))
    return totals


@given(st.data(), trees(8), st.integers(1, 10))
def test_finds_the_best_part_of_every_size(data: st.DataObject, heads: list[int], most: int) -> None:
    count = len(heads)
    values, drop_costs = (data.draw(st.lists(_VALUES, min_size=count, max_size=count)) for _ in range(2))
    node = data.draw(st.integers(0, count - 1))
    children = [child for child, head in enumerate(heads) if head == node != child]
    free = data.draw(st.sets(st.sampled_from(children))) if children else set()
    knapsack = TreeKnapsack(heads, values, drop_costs, most)
    part = knapsack.part(node, free)
    impossible = [IMPOSSIBLE] * (most + 1 - len(part.totals))
    assert part.totals + impossible == best_totals(heads, values, drop_costs, node, most, free)
    for size in range(1, len(part.totals)):
        nodes = knapsack.nodes(node, part, size)
        assert nodes == sorted(set(nodes))
        assert len(nodes) == size
        assert is_part(heads, frozenset(nodes), node)
        assert worth(heads, values, drop_costs, frozenset(nodes), free) == part.totals[size]


def chain(count: int) -> list[int]:
    return [max(0, node - 1) for node in range(count)]


def star(count: int) -> list[int]:
    return [0] * count


@pytest.mark.parametrize("heads", [chain(5000), star(5000)])
def test_a_sentence_of_5000_words_takes_no_time_and_no_stack(heads: list[int]) -> None:
    values = np.random.default_rng(0).normal(size=len(heads)).tolist()
    started = time.process_time()
    knapsack = TreeKnapsack(heads, values, [0.0] * len(heads), 60)
    nodes = knapsack.nodes(0, knapsack.part(0), 60)
    assert time.process_time() - started < 4
    assert len(nodes) == 60
    best = sorted(values[1:])[-59:] if heads == star(5000) else values[1:60]
    assert sorted(values[node] for node in nodes[1:]) == sorted(best)


@given(trees())
def test_walks_from_heads_to_dependents(heads: list[int]) -> None:
    children = [[child for child, head in enumerate(heads) if head == node != child] for node in range(len(heads))]
    order = top_down(heads, children)
    assert sorted(order) == list(range(len(heads)))
    assert all(order.index(heads[node]) <= order.index(node) for node in order)
