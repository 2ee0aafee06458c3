"""An exact knapsack on a tree: the best connected part of every size.

Every node has a value, every arc a cost that is paid when the arc is dropped while its head is kept. `best[node][k]` is
the greatest total of a part of the node's subtree that holds the node and k nodes in all; children are merged one by
one with a (max, +) convolution, O(n · K²) for sizes up to K (Johnson and Niemi 1983, "On Knapsacks, Partitions, and a
New Dynamic Programming Technique for Trees").
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from numpy.typing import NDArray

IMPOSSIBLE = -np.inf
_NONE = np.array([IMPOSSIBLE])


@dataclass(frozen=True, slots=True)
class Merge:
    """One child merged into its head: of k nodes kept so far, `child_sizes[k]` are the child's; 0 drops it."""

    child: int
    child_sizes: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Part:
    """The best parts that hold one node: `totals[k]` for sizes k of 0 to K, impossible sizes at minus infinity."""

    totals: NDArray[np.float64]
    merges: tuple[Merge, ...] = field(default=())


class TreeKnapsack:
    """The best connected parts of one tree.

    Args:
        heads: each node's head; a root is its own.
        values: what keeping each node is worth.
        drop_costs: what dropping each node costs while its head is kept.
        most: largest size K, at least 1.
    """

    def __init__(self, heads: Sequence[int], values: Sequence[float], drop_costs: Sequence[float], most: int) -> None:
        self._values = values
        self._drop_costs = drop_costs
        self._most = most
        self._children = _children(heads)
        self._parts: list[Part] = [None] * len(heads)  # type: ignore[list-item]  # filled bottom-up on the next line
        for node in reversed(top_down(heads, self._children)):
            self._parts[node] = self.part(node)

    def part(self, node: int, free: Container[int] = ()) -> Part:
        """Find the best parts that hold `node`, where the children in `free` are always dropped, at no cost."""
        totals = np.full(self._most + 1, IMPOSSIBLE)
        totals[1] = self._values[node]
        merges = []
        for child in self._children[node]:
            if child not in free:
                totals, child_sizes = merge(totals, self._parts[child].totals, -self._drop_costs[child])
                merges.append(Merge(child, child_sizes))
        return Part(totals, tuple(merges))

    def nodes(self, node: int, part: Part, size: int) -> list[int]:
        """List the nodes of the best part of `size` nodes that holds `node`, in order."""
        kept = []
        waiting = [(node, part, size)]
        while waiting:
            at, its_part, left = waiting.pop()
            kept.append(at)
            for step in reversed(its_part.merges):
                child_size = int(step.child_sizes[left])
                if child_size:
                    waiting.append((step.child, self._parts[step.child], child_size))
                    left -= child_size
        return sorted(kept)


def merge(
    totals: NDArray[np.float64], child_totals: NDArray[np.float64], dropped: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Merge two lists of best totals, both [K + 1].

    Args:
        totals: best totals so far, by size.
        child_totals: the child's best totals, by size; its entry 0 is not read.
        dropped: what leaving the child out adds.

    Returns:
        The merged totals, and for each size how many of its nodes are the child's.
    """
    most = len(totals) - 1
    before = np.concatenate((totals, _NONE))[_differences(most)]  # before[k, j] = totals[k - j]
    gains = child_totals.copy()
    gains[0] = dropped
    options = before + gains
    child_sizes = options.argmax(axis=1)
    return options[np.arange(most + 1), child_sizes], child_sizes


@lru_cache
def _differences(most: int) -> NDArray[np.intp]:
    """Lay out k - j for sizes k and j of 0 to `most`, [most + 1, most + 1]; -1, the last position, below 0."""
    sizes = np.arange(most + 1)
    differences: NDArray[np.intp] = np.maximum(sizes[:, None] - sizes, -1)
    return differences


def _children(heads: Sequence[int]) -> list[list[int]]:
    children: list[list[int]] = [[] for _ in heads]
    for node, head in enumerate(heads):
        if head != node:
            children[head].append(node)
    return children


def top_down(heads: Sequence[int], children: Sequence[Sequence[int]]) -> list[int]:
    """List the nodes, heads before their dependents."""
    order = [node for node, head in enumerate(heads) if head == node]
    for node in order:  # grows while it is walked
        order.extend(children[node])
    return order
