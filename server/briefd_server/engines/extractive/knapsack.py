"""An exact knapsack on a tree: the best connected part of every size.

Every node has a value, every arc a cost that is paid when the arc is dropped while its head is kept. `best[node][k]` is
the greatest total of a part of the node's subtree that holds the node and k nodes in all; children are merged one by
one with a (max, +) convolution, O(n · K) for sizes up to K, since no list is longer than its subtree (Johnson and Niemi
1983, "On Knapsacks, Partitions, and a New Dynamic Programming Technique for Trees"). Most lists are so short that plain
Python is faster than NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

IMPOSSIBLE = float("-inf")


class Merge(NamedTuple):
    """One child merged into its head: of k nodes kept so far, `child_sizes[k]` are the child's; 0 drops it."""

    child: int
    child_sizes: list[int]


class Part(NamedTuple):
    """The best parts that hold one node: `totals[k]` for sizes k of 0 to the largest that there is, at most K.

    Size 0 is impossible, and its total minus infinity.
    """

    totals: list[float]
    merges: list[Merge]


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
        self._children = children_of(heads)
        self._parts: list[Part] = [None] * len(heads)  # type: ignore[list-item]  # filled bottom-up on the next line
        for node in reversed(top_down(heads, self._children)):
            self._parts[node] = self.part(node)

    def part(self, node: int, free: Container[int] = ()) -> Part:
        """Find the best parts that hold `node`, where the children in `free` are always dropped, at no cost."""
        totals = [IMPOSSIBLE, self._values[node]]
        merges = []
        for child in self._children[node]:
            if child not in free:
                totals, child_sizes = merge(
                    totals, self._parts[child].totals, dropped=-self._drop_costs[child], most=self._most
                )
                merges.append(Merge(child, child_sizes))
        return Part(totals, merges)

    def nodes(self, node: int, part: Part, size: int) -> list[int]:
        """List the nodes of the best part of `size` nodes that holds `node`, in order."""
        kept = []
        waiting = [(node, part, size)]
        while waiting:
            at, its_part, left = waiting.pop()
            kept.append(at)
            for step in reversed(its_part.merges):
                child_size = step.child_sizes[left]
                if child_size:
                    waiting.append((step.child, self._parts[step.child], child_size))
                    left -= child_size
        return sorted(kept)


def merge(
    totals: Sequence[float], child_totals: Sequence[float], *, dropped: float, most: int
) -> tuple[list[float], list[int]]:
    """Merge two lists of best totals.

    Args:
        totals: best totals so far, by size.
        child_totals: the child's best totals, by size; its entry 0 is not read.
        dropped: what leaving the child out adds.
        most: largest size of the merged list.

    Returns:
        The merged totals, and for each size how many of its nodes are the child's.
    """
    largest = min(len(totals) + len(child_totals) - 2, most)
    merged = [total + dropped for total in totals] + [IMPOSSIBLE] * (largest + 1 - len(totals))
    child_sizes = [0] * (largest + 1)
    for child_size in range(1, len(child_totals)):
        gain = child_totals[child_size]
        for size, total in enumerate(totals[: largest + 1 - child_size], child_size):
            if total + gain > merged[size]:
                merged[size] = total + gain
                child_sizes[size] = child_size
    return merged, child_sizes


def children_of(heads: Sequence[int]) -> list[list[int]]:
    """List the dependents of every node, in order; a root is its own head."""
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
