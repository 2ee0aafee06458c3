"""The best dependency tree of a sentence: a maximum spanning arborescence with exactly one root.

Chu and Liu 1965, Edmonds 1967, on a dense matrix. One root is enforced by lowering every root score by more than any
tree can gain elsewhere, which is exact because every word may depend on every other (Zmigrod, Vieira and Cotterell
2020, "Please Mind the Root", discuss the alternatives).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def best_tree(scores: NDArray[np.floating]) -> NDArray[np.int64]:
    """Find the heads of the highest-scoring tree.

    Args:
        scores: [n, n], dependent by head, finite; the diagonal holds the scores of being the root. n ≥ 1.

    Returns:
        [n], each word's head; the one root's head is the root itself. At most O(n³), in practice O(n²).
    """
    greedy: NDArray[np.int64] = scores.argmax(axis=1)
    if _is_tree(greedy):
        return greedy
    return _arborescence(_with_root_node(scores))


def _is_tree(heads: NDArray[np.int64]) -> bool:
    (roots,) = np.nonzero(heads == np.arange(len(heads)))
    if len(roots) != 1:
        return False
    reached = heads
    for _ in range(int(np.ceil(np.log2(len(heads) + 1)))):  # pointer doubling: after s rounds 2^s steps up the tree
        reached = reached[reached]
    return bool((reached == roots[0]).all())


def _with_root_node(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weights [n + 1, n + 1] in which node 0 is the head of the root."""
    size = len(scores)
    weights = np.full((size + 1, size + 1), -np.inf)
    weights[1:, 1:] = scores
    spread = float(scores.max() - scores.min())
    weights[1:, 0] = np.diagonal(scores) - (size * spread + 1)
    np.fill_diagonal(weights, -np.inf)
    return weights


class _Contraction(NamedTuple):
    """A cycle that was made one node, and the arcs to restore when it is opened again."""

    cycle: list[int]
    cycle_heads: list[int]
    entered_at: NDArray[np.int64]
    left_from: NDArray[np.int64]


def _arborescence(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    contractions = []
    while True:
        heads = weights.argmax(axis=1)
        heads[0] = 0
        cycle = _find_cycle(heads, weights)
        if not cycle:
            break
        contractions.append(_contract(weights, heads, cycle))
    for contraction in reversed(contractions):
        _expand(heads, contraction)
    tree = heads[1:] - 1
    return np.where(tree < 0, np.arange(len(tree)), tree)


def _find_cycle(heads: NDArray[np.int64], weights: NDArray[np.float64]) -> list[int]:
    """Find a cycle among the nodes that are still there (contracted ones have no arcs), or an empty list."""
    seen = [0] * len(heads)
    seen[0] = -1
    for start in range(1, len(heads)):
        node = start
        while seen[node] == 0 and weights[node].max() > -np.inf:
            seen[node] = start
            node = int(heads[node])
        if seen[node] == start:
            cycle = [node]
            while (node := int(heads[node])) != cycle[0]:
                cycle.append(node)
            return cycle
    return []


def _contract(weights: NDArray[np.float64], heads: NDArray[np.int64], cycle: list[int]) -> _Contraction:
    """Make the cycle's first node stand for all of it; the others lose their arcs."""
    representative, members = cycle[0], np.array(cycle)
    inner = weights[members, heads[members]]
    entering = weights[members] - inner[:, None]  # what it costs to break the cycle at each member
    leaving = weights[:, members]
    entered_at = members[entering.argmax(axis=0)]
    left_from = members[leaving.argmax(axis=1)]
    row, column = entering.max(axis=0), leaving.max(axis=1)
    weights[members] = -np.inf
    weights[:, members] = -np.inf
    row[members] = column[members] = -np.inf
    weights[representative] = row
    weights[:, representative] = column
    return _Contraction(cycle, [int(heads[node]) for node in cycle], entered_at, left_from)


def _expand(heads: NDArray[np.int64], contraction: _Contraction) -> None:
    representative = contraction.cycle[0]
    entry_head = int(heads[representative])
    outside = heads == representative
    heads[outside] = contraction.left_from[outside]
    heads[contraction.cycle] = contraction.cycle_heads
    heads[contraction.entered_at[entry_head]] = entry_head
