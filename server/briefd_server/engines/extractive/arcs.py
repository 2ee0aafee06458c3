"""What the parser thinks of every arc of a sentence, not of its best tree's alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.session import WindowReading

ROOT = "root"
JOINT = "parataxis"
"""How the parts of a sentence that fills more than one window hang together."""
# Of a word's heads those that are less probable are left out, and all but the most probable few: on the development
# treebanks they hold 0.4 % of the probability, and without them time and memory are linear in the sentence.
_LEAST_PROBABILITY = 1e-3
_MOST_HEADS = 8
# The parser is surer than it is right: divided by this, scores of heads and of relations fit the development treebanks
# best, of 1 to 3 by cross entropy (Guo et al. 2017, "On Calibration of Modern Neural Networks").
TEMPERATURE = 1.5


@dataclass(frozen=True, slots=True)
class Arcs:
    """The probable arcs of a sentence, sorted by their dependents; every word has one at least.

    Attributes:
        dependents: [p], positions of words.
        heads: [p], positions of words; a word that is its own head is the root.
        probabilities: [p], P(head | dependent), 0 to 1.
        relations: [p, L], P(relation | dependent, head), 0 to 1.
        relation_names: the L relations.
    """

    dependents: NDArray[np.int64]
    heads: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    relations: NDArray[np.float32]
    relation_names: tuple[str, ...]


def probable_arcs(reading: WindowReading, span: slice, relation_names: tuple[str, ...]) -> Arcs:
    """Tell the probable arcs within the words `span` of a window.

    The parser's training made the scores of a word's heads, and those of an arc's relations, logits of a softmax
    (Dozat and Manning 2017, "Deep Biaffine Attention for Neural Dependency Parsing"); heads outside the span have none.

    Args:
        reading: the encoder's outputs for the window.
        span: of one sentence's words, at least one.
        relation_names: of the channels; roots alone have `ROOT`.
    """
    root = relation_names.index(ROOT)
    heads = _softmax(reading.arc_scores[span, span] / np.float32(TEMPERATURE))
    dependents, columns = np.nonzero(_is_probable(heads))
    own_heads = dependents == columns
    scores = _inner(reading.relation_dependents[span, :-1], reading.relation_heads[span, :-1], dependents, columns)
    scores[:, root] = -np.inf
    scores[own_heads] = -np.inf
    scores[own_heads, root] = 0.0
    return Arcs(
        dependents, columns, heads[dependents, columns], _softmax(scores / np.float32(TEMPERATURE)), relation_names
    )


def tree_arcs(heads: NDArray[np.int64], relations: NDArray[np.int64], relation_names: tuple[str, ...]) -> Arcs:
    """Take a tree's arcs for certain: [n] heads, and the channels of their relations."""
    count = len(heads)
    told = np.zeros((count, len(relation_names)), dtype=np.float32)
    told[np.arange(count), relations] = 1.0
    return Arcs(np.arange(count), heads, np.ones(count, dtype=np.float32), told, relation_names)


def join_arcs(parts: Sequence[Arcs], lengths: Sequence[int], root: int) -> Arcs:
    """Join the arcs of the parts of a sentence that fills more than one window.

    Args:
        parts: in order, two or more.
        lengths: words of each part.
        root: position, in the sentence, of the root of the first part: those of later ones hang on it by `JOINT`.
    """
    firsts = np.cumsum([0, *lengths[:-1]])
    names = parts[0].relation_names
    is_joint = np.array([name == JOINT for name in names], dtype=np.float32)
    dependents, heads, relations = [], [], []
    for first, part in zip(firsts.tolist(), parts, strict=True):
        hangs_on_root = (part.dependents == part.heads) & (first > 0)
        dependents.append(part.dependents + first)
        heads.append(np.where(hangs_on_root, root, part.heads + first))
        relations.append(np.where(hangs_on_root[:, None], is_joint, part.relations))
    probabilities = np.concatenate([part.probabilities for part in parts])
    return Arcs(np.concatenate(dependents), np.concatenate(heads), probabilities, np.concatenate(relations), names)


def _is_probable(heads: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pick of each row the most probable few; of the few hundred words of a window one is probable always."""
    picked: NDArray[np.bool_] = heads >= _LEAST_PROBABILITY
    if len(heads) > _MOST_HEADS:
        most = np.zeros_like(picked)
        most[np.arange(len(heads))[:, None], heads.argpartition(-_MOST_HEADS, axis=1)[:, -_MOST_HEADS:]] = True
        picked &= most
    return picked


def _inner(
    dependents: NDArray[np.float32], heads: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Score every relation of the given arcs: [p, L]."""
    scores: NDArray[np.float32] = np.einsum("plr,plr->pl", dependents[rows], heads[columns])
    return scores


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn the logits of each row into probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return probabilities
