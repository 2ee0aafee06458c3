"""What a summary may keep of one sentence: its best words for every size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.grammar import BENDING, BREAKING, DENYING, WIDENING, Grammar, chain_conjuncts
from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, Part, TreeKnapsack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.reading import SentenceReading

# All far above every tuned cost, so that a broken sentence is never chosen while there is any other. Their order is
# that of what is worse; the two lowest were set by reading some 60 summaries: a fragment is worse than leaving out a
# phrase or a few that a negation reaches (with 500 for it, negated sentences lost to fragments), and better than a bent
# sentence.
_ORDERED_COSTS = {DENYING: 30_000.0, BREAKING: 10_000.0, BENDING: 2_000.0, WIDENING: 450.0}
_FRAGMENT_COST = 1_500.0
_NOUNS = frozenset({"NOUN", "PROPN"})
_CONTENT_TAGS = frozenset({"ADJ", "ADV", "NOUN", "NUM", "PROPN", "VERB"})
_ANAPHORS = frozenset("he him his she her it its they them their this that these those such one".split())
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A word taken for the root, and its best parts."""

    word: int
    part: Part
    cost: float

    def total(self, size: int) -> float:
        """Tell what its best part of `size` words is worth."""
        return self.part.totals[size] - self.cost if size < len(self.part.totals) else IMPOSSIBLE


class SentenceOptions:
    """The best words to keep of a sentence, for every number of words up to `most`.

    `totals[k]` is what the best k words are worth; the list ends where the sentence does.
    """

    def __init__(self, reading: SentenceReading, costs: Costs, most: int) -> None:
        self._reading = reading
        self._costs = costs
        self._grammar = Grammar(reading)
        chained = chain_conjuncts(reading)
        self._chained = _chained_to(reading.heads, chained)
        self._knapsack = TreeKnapsack(chained, self._values(), self._drop_costs(), most)
        self._largest = min(len(reading), most)
        self._entries = [
            self._entry(word, costs.entries[row] - self._clause_value(word))
            for word, row in self._grammar.entries().items()
        ]
        self.totals = self._best_totals()

    def add_fragments(self) -> None:
        """Allow noun phrases as summaries too: for a sentence of which nothing complete fits the length."""
        roots = {entry.word for entry in self._entries}
        self._entries += [
            self._entry(word, _FRAGMENT_COST)
            for word, tag in enumerate(self._reading.tags)
            if tag in _NOUNS and word not in roots
        ]
        self.totals = self._best_totals()

    def words(self, size: int) -> list[int]:
        """Pick the best `size` words, in order."""
        entry = max(self._entries, key=lambda entry: entry.total(size))
        return self._knapsack.nodes(entry.word, entry.part, size)

    def _entry(self, word: int, cost: float) -> _Entry:
        is_root = self._reading.heads[word] == word
        # Without its conjunction a conjunct can't bring the ones before it along.
        free = () if is_root else (*self._grammar.links(word), *self._chained.get(word, ()))
        return _Entry(word, self._knapsack.part(word, free), cost)

    def _best_totals(self) -> list[float]:
        return [max(entry.total(size) for entry in self._entries) for size in range(self._largest + 1)]

    def _values(self) -> list[float]:
        reading, costs = self._reading, self._costs
        count = len(reading)
        tags = np.array([costs.tags.get(tag, 0.0) for tag in reading.tags])
        # Every summary holds a "the": the salience of function words says nothing about what is worth keeping.
        has_content = np.array([tag in _CONTENT_TAGS for tag in reading.tags])
        lead = costs.lead * (1 - np.arange(count) / count)
        values = costs.word + tags + costs.salience * np.asarray(reading.salience) * has_content + lead
        return list((values - costs.crossed * np.array(self._grammar.crossed_links())).tolist())

    def _drop_costs(self) -> list[float]:
        drop_costs = []
        for word, keep in enumerate(np.asarray(self._reading.keep).tolist()):
            row = self._grammar.arc_class(word)
            drop_costs.append(_ORDERED_COSTS.get(row) or self._costs.relations.get(row, 0.0) + self._costs.keep * keep)
        return drop_costs

    def _clause_value(self, word: int) -> float:
        if not self._grammar.is_clause(word):
            return 0.0
        lower, relations = self._grammar.lower, self._reading.relations
        anaphoric = any(
            lower[child] in _ANAPHORS and relations[child] in _SUBJECTS for child in self._grammar.children[word]
        )
        return self._costs.clause - (self._costs.pronoun if anaphoric else 0.0)


def _chained_to(heads: Sequence[int], chained: Sequence[int]) -> dict[int, list[int]]:
    """Map the last conjunct of a list to the ones that were hung on it."""
    by_last: dict[int, list[int]] = {}
    for word, (head, last) in enumerate(zip(heads, chained, strict=True)):
        if head != last:
            by_last.setdefault(last, []).append(word)
    return by_last


def is_flawed(total: float) -> bool:
    """Whether a total can only have come from a broken, bent or fragmentary sentence."""
    return bool(total < -_FRAGMENT_COST / 2)
