"""What a summary may keep of one sentence: its best words for every size."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from heapq import nlargest
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.assertions import find_entries, links
from briefd_server.engines.extractive.candidates import Candidate
from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, Part, TreeKnapsack, children_of
from briefd_server.engines.extractive.labels import without_label
from briefd_server.engines.extractive.proofreading.cuts import probability_of_need
from briefd_server.engines.extractive.roles import UP
from briefd_server.engines.extractive.rules import Rules
from briefd_server.engines.extractive.rules.grades import (
    BENDING,
    BREAKING,
    DENYING,
    EXTENDING,
    GENERALIZING,
    LOOSENING,
    STRIPPING,
    WIDENING,
)
from briefd_server.engines.extractive.sentence_tree import CONTENT_TAGS, chain_conjuncts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.length import Length
    from briefd_server.engines.extractive.reading import SentenceReading

# All far above every price, so that a broken sentence is never chosen while there is any other. Their order is that of
# what is worse. A fragment states nothing: it is better than a bent sentence or four wide cuts, and worse than three.
_ORDERED_COSTS = {
    DENYING: 30_000.0,
    BREAKING: 10_000.0,
    STRIPPING: 3_000.0,
    BENDING: 2_000.0,
    EXTENDING: 1_400.0,
    GENERALIZING: 650.0,
    WIDENING: 450.0,
    LOOSENING: 380.0,
}
# Between two cuts of one grade their prices decide, so many times over that the words' worth doesn't.
_GRADED_PRICE = 4.0
_FRAGMENT_COST = 1500.0
# Candidates are also made with every cut this much dearer, and so much more for a unit of −ln P(nothing needs it).
_VARIANTS = ((4.0, 0.0), (0.0, 4.0), (2.0, 12.0))
_LEAST_PROBABILITY = 1e-3
# Roots that candidates are made for; sentences of 60 words have some five.
_MOST_ENTRIES = 16
# What a word is worth that says nothing.
_ASIDE_VALUE = -1.0
_ASIDE_RELATIONS = frozenset({"discourse", "vocative"})
# A total below this, with its sign turned, holds a cut that a rule forbids.
_FLAW = 300.0
_NOUNS = frozenset({"NOUN", "PROPN"})


@dataclass(frozen=True, slots=True)
class _Entry:
    """A word taken for the root, and its best parts."""

    word: int
    part: Part
    cost: float

    def total(self, size: int) -> float:
        """Tell what its best part of `size` words is worth."""
        return self.part.totals[size] - self.cost if size < len(self.part.totals) else IMPOSSIBLE

    def best(self, least: int) -> float:
        """Tell what its best part of `least` words or more is worth."""
        return max(self.part.totals[least:], default=IMPOSSIBLE) - self.cost


class SentenceOptions:
    """The best words to keep of a sentence, for every number of words up to `most`.

    `totals[k]` is what the best k words are worth; the list ends where the sentence does. The first `label_words` of
    the sentence are a label ("RESOLVED:"), which is kept whole and counts; one that leaves too little room is none. A
    line above the sentence may deny it ("Never do this:").
    """

    def __init__(
        self, reading: SentenceReading, costs: Costs, most: int, label_words: int = 0, *, is_denied: bool = False
    ) -> None:
        self._label = range(label_words if label_words <= min(len(reading), most) // 2 else 0)
        self._reading = without_label(reading, len(self._label))
        self._costs = costs
        self._rules = Rules(self._reading, is_denied=is_denied)
        self._tree = self._rules.tree
        self._heads = chain_conjuncts(list(self._reading.heads), list(self._reading.relations))
        self._chained = _chained_to(self._reading.heads, self._heads)
        self._children = children_of(self._heads)
        self._most = max(1, most - len(self._label))
        self._word_values, self._prices = self._values(), self._drop_costs()
        self._knapsack = TreeKnapsack(self._heads, self._word_values, self._prices, self._most)
        self._largest = min(len(self._reading), self._most)
        self._entries = [
            self._entry(word, costs.entries[row] - self._clause_value(word))
            for word, row in find_entries(self._rules).items()
        ]
        self.totals = self._best_totals()

    def __len__(self) -> int:
        return len(self._reading) + len(self._label)

    @property
    def rules(self) -> Rules:
        """Rulings on the sentence, without its label."""
        return self._rules

    @property
    def label_words(self) -> int:
        """Words of the label, which stand before those that the rules judge."""
        return len(self._label)

    @property
    def denies_previous(self) -> bool:
        """Whether the sentence says that the one before it is not true: "That was wrong"."""
        roles, root = self._tree.roles, self._anaphoric_root
        if root is None:
            return False
        is_denied = self._rules.polarity.body[root] != UP
        form = self._tree.lower[root]
        return form in roles.denying_frames or (form in roles.truth_words and is_denied)

    @property
    def frames_next(self) -> bool:
        """Whether the sentence says that what follows it did not happen: "This is only a drill"."""
        root = self._anaphoric_root
        return root is not None and self._tree.lower[root] in self._tree.roles.fictional_frames

    @cached_property
    def _anaphoric_root(self) -> int | None:
        """The root, where its subject stands for something outside the sentence."""
        tree = self._tree
        root = next(word for word, head in enumerate(tree.heads) if head == word)
        subject = tree.subjects[root]
        return root if subject is not None and tree.lower[subject] in tree.roles.anaphors else None

    def add_fragments(self) -> None:
        """Allow noun phrases as summaries too: for a sentence of which nothing complete fits the length."""
        roots = {entry.word for entry in self._entries}
        place = self._rules.polarity.place
        stated = next(place[word] for word, head in enumerate(self._tree.heads) if head == word)
        self._entries += [
            self._entry(word, _FRAGMENT_COST)
            for word, tag in enumerate(self._reading.tags)
            if tag in _NOUNS and word not in roots and place[word] == stated
        ]
        self.totals = self._best_totals()

    def words(self, size: int) -> list[int]:
        """Pick the best `size` words, in order."""
        inner = size - len(self._label)
        entry = max(self._entries, key=lambda entry: entry.total(inner))
        return self._with_label(self._knapsack.nodes(entry.word, entry.part, inner))

    def candidates(self, length: Length) -> list[Candidate]:
        """List the best words for every root and every size in the length, by the table's prices and by higher ones.

        Each set of words stands there once, with its total by the table; the best one is that of `words`.
        """
        found: dict[tuple[int, ...], Candidate] = {}
        least = max(1, length.least - len(self._label))
        entries = self._best_entries(least)
        for knapsack in self._knapsacks():
            for entry in entries:
                part = entry.part if knapsack is self._knapsack else knapsack.part(entry.word, self._free(entry.word))
                for size in range(least, min(length.most - len(self._label) + 1, len(part.totals))):
                    words = knapsack.nodes(entry.word, part, size)
                    kept = self._with_label(words)
                    found.setdefault(tuple(kept), Candidate(self._total(words, entry), kept))
        return list(found.values())

    def _best_entries(self, least: int) -> list[_Entry]:
        """Pick the roots that are worth most: a sentence of thousands of clauses has thousands of them."""
        return nlargest(_MOST_ENTRIES, self._entries, key=lambda entry: entry.best(least))

    def _knapsacks(self) -> Iterator[TreeKnapsack]:
        """Choose by the table, by higher prices, and by prices that rise with the doubt about what may be cut."""
        yield self._knapsack
        for extra, doubt in _VARIANTS:
            prices = [
                price + extra + doubt * need for price, need in zip(self._prices, self._need.tolist(), strict=True)
            ]
            yield TreeKnapsack(self._heads, self._word_values, prices, self._most)

    @cached_property
    def _need(self) -> NDArray[np.floating]:
        """For every word, −ln of the probability that no head needs it."""
        if self._reading.find_arcs is None:
            return np.zeros(len(self._reading))
        needed = probability_of_need(self._reading.find_arcs(), len(self._reading) + len(self._label))
        return -np.log(np.maximum(1 - needed, _LEAST_PROBABILITY))[len(self._label) :]

    def _total(self, words: Sequence[int], entry: _Entry) -> float:
        spared = {*words, *self._free(entry.word)}
        cut = (child for word in words for child in self._children[word] if child not in spared)
        return sum(self._word_values[word] for word in words) - sum(self._prices[word] for word in cut) - entry.cost

    def _with_label(self, words: Sequence[int]) -> list[int]:
        shift = len(self._label)
        return [*self._label, *(word + shift for word in words)]

    def _entry(self, word: int, cost: float) -> _Entry:
        return _Entry(word, self._knapsack.part(word, self._free(word)), cost)

    def _free(self, word: int) -> tuple[int, ...]:
        """Dependents that go, at no cost, where `word` is the root."""
        if self._reading.heads[word] == word:
            return ()
        # Without its conjunction a conjunct can't bring the ones before it along.
        return (*links(self._rules, word), *self._chained.get(word, ()))

    def _best_totals(self) -> list[float]:
        inner = [max(entry.total(size) for entry in self._entries) for size in range(self._largest + 1)]
        return [IMPOSSIBLE] * len(self._label) + inner

    def _values(self) -> list[float]:
        reading, costs = self._reading, self._costs
        by_tag = {tag: costs.word + costs.tags.get(tag, 0.0) for tag in set(reading.tags)}
        values = [by_tag[tag] for tag in reading.tags]
        # Every summary holds a "the": the salience of function words says nothing about what is worth keeping.
        for word, salience in enumerate(np.asarray(reading.salience).tolist()):
            if reading.tags[word] in CONTENT_TAGS:
                values[word] += costs.salience * salience
        for word in self._asides():
            values[word] = _ASIDE_VALUE
        for word, is_crossed in enumerate(self._tree.crossed_links()):
            values[word] -= costs.crossed * is_crossed
        return values

    def _asides(self) -> list[int]:
        """List the words that only place the sentence in a conversation, as "also" and "uh" do."""
        tree = self._tree
        return [
            word
            for word, relation in enumerate(tree.relations)
            if relation in _ASIDE_RELATIONS or (relation == "advmod" and self._rules.price(word) == "advmod:discourse")
        ]

    def _drop_costs(self) -> list[float]:
        drop_costs = []
        for word, keep in enumerate(np.asarray(self._reading.keep).tolist()):
            grade = _ORDERED_COSTS.get(self._rules.ruling(word).price, 0.0)
            price = self._costs.prices.get(self._rules.price(word), self._costs.prices["other"])
            drop_costs.append(grade + _GRADED_PRICE * price if grade else price + self._costs.keep * keep)
        return drop_costs

    def _clause_value(self, word: int) -> float:
        subject = self._tree.subjects[word]
        if subject is None:
            return 0.0
        anaphoric = self._tree.lower[subject] in self._tree.roles.anaphors
        return self._costs.clause - (self._costs.pronoun if anaphoric else 0.0)


def _chained_to(heads: Sequence[int], chained: Sequence[int]) -> dict[int, list[int]]:
    """Map the last conjunct of a list to the ones that were hung on it."""
    by_last: dict[int, list[int]] = {}
    for word, (head, last) in enumerate(zip(heads, chained, strict=True)):
        if head != last:
            by_last.setdefault(last, []).append(word)
    return by_last


def is_flawed(total: float) -> bool:
    """Whether a total can only have come from a broken, bent, widened or fragmentary sentence."""
    return bool(total < -_FLAW)
