"""What a set of candidates keeps and cuts of one sentence, counted over all probable arcs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.proofreading.relation_classes import CLASSES, memberships

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from briefd_server.engines.extractive.arcs import Arcs
    from briefd_server.engines.extractive.reading import SentenceReading

_NEEDED, _BEARING, _SUBJECT = len(CLASSES), len(CLASSES) + 1, len(CLASSES) + 2


def probability_of_need(arcs: Arcs, word_count: int) -> NDArray[np.float64]:
    """Tell of every word, [n], how likely its head, whichever that is, needs it: 0 to 1."""
    inner = arcs.dependents != arcs.heads
    needed = arcs.probabilities * inner * (arcs.relations @ memberships(arcs.relation_names)[:, _NEEDED])
    return np.minimum(np.bincount(arcs.dependents, weights=needed, minlength=word_count), 1.0)


class Cuts:
    """Candidates c of a sentence of n words.

    Args:
        reading: of the sentence.
        arcs: its probable ones, p of them.
        kept: [c, n], bool, at least one word a candidate.

    Attributes:
        kept: [c, n], 1.0 for every word that the candidate keeps, else 0.0; `dropped` is the reverse.
        attached: [c, n], P(the word hangs on a kept word).
        needed: [c, n], P(a kept word needs the word).
        bearing: [c, n], P(the word hangs on a kept one and may bear on what is meant).
        classes: [c, C], expected number of arcs cut by class: from dropped words to kept heads.
        tree_cuts: [c, n], 1.0 for every dropped word whose head in the tree is kept, else 0.0.
        roots: [c], the word that stands for the candidate's root: the first whose head in the tree isn't kept.
        is_tree_root: [n], whether the word is the tree's root.
        entropy: [n], of the word's heads, in nats; `tree_probability` P(its head in the tree), `root_probability`
            P(it is the root).
        subjects: [c], P(the root keeps a subject), at most 1; `all_subjects` P(it has one).
    """

    def __init__(self, reading: SentenceReading, arcs: Arcs, kept: NDArray[np.bool_]) -> None:
        self.reading = reading
        self.kept: NDArray[np.float32] = kept.astype(np.float32)
        self.dropped: NDArray[np.float32] = 1 - self.kept
        heads, words = np.array(reading.heads), np.arange(len(reading))
        self.is_tree_root = heads == words
        head_kept = kept[:, heads] & ~self.is_tree_root
        self.tree_cuts: NDArray[np.float32] = (head_kept & ~kept).astype(np.float32)
        self.roots: NDArray[np.int64] = (kept & ~head_kept).argmax(axis=1)
        firsts = arcs.dependents.searchsorted(words)
        self._describe_words(arcs, heads, firsts)
        self._count_arcs(arcs, firsts)

    def _describe_words(self, arcs: Arcs, heads: NDArray[np.int64], firsts: NDArray[np.int64]) -> None:
        is_root_arc = arcs.dependents == arcs.heads
        told = np.empty((3, len(arcs.heads)), dtype=np.float32)
        np.multiply(arcs.probabilities, -np.log(arcs.probabilities), out=told[0])
        np.multiply(arcs.probabilities, heads[arcs.dependents] == arcs.heads, out=told[1])
        np.multiply(arcs.probabilities, is_root_arc, out=told[2])
        self.entropy, self.tree_probability, self.root_probability = np.add.reduceat(told, firsts, axis=1)
        self._inner = arcs.probabilities - told[2]

    def _count_arcs(self, arcs: Arcs, firsts: NDArray[np.int64]) -> None:
        joint = self._inner[:, None] * (arcs.relations @ memberships(arcs.relation_names))
        kept_heads = self.kept[:, arcs.heads]
        kept_dependents = self.kept[:, arcs.dependents]
        weights = np.stack([self._inner, joint[:, _NEEDED], joint[:, _BEARING]])[:, None]
        self.attached, self.needed, self.bearing = np.minimum(
            np.add.reduceat(weights * kept_heads, firsts, axis=2), 1.0
        )
        self.classes: NDArray[np.float32] = (kept_heads * (1 - kept_dependents)) @ joint[:, : len(CLASSES)]
        of_root = (arcs.heads == self.roots[:, None]) * joint[:, _SUBJECT]
        self.all_subjects = np.minimum(of_root.sum(axis=1), 1.0)
        self.subjects = np.minimum((of_root * kept_dependents).sum(axis=1), 1.0)
