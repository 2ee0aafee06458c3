"""The dependency tree of one sentence, as the rules look at it.

What is asked of a head by each of its dependents is found once: a word may have thousands of them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.knapsack import top_down

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading
    from briefd_server.engines.extractive.roles import Roles

SUBJECTS = frozenset("nsubj nsubj:pass csubj csubj:pass expl nsubj:outer csubj:outer".split())
CLAUSE_LINKS = frozenset({"conj", "parataxis"})
"""Relations of a clause to the one that it is added to."""
CONTENT_TAGS = frozenset({"ADJ", "ADV", "NOUN", "NUM", "PROPN", "VERB"})
"""Parts of speech of words that say something by themselves."""
_STATEMENTS = frozenset({"obj", "xcomp", "ccomp"})
_LINKS = frozenset({"case", "mark"})
_AUXILIARIES = frozenset({"aux", "aux:pass", "cop"})
_CROSSING_LINKS = frozenset({"aux", "aux:pass", "case", "cc", "cop", "mark"})


class SentenceTree:
    """One sentence's words and arcs.

    Attributes:
        words: the words as they stand in the text.
        lower: the same in lower case.
        heads: each word's head; the root is its own.
        relations: Universal Dependencies relation to the head, subtype included.
        tags: universal part-of-speech tags.
        quotations: the first and the last word of what stands between quotation marks.
        children: each word's dependents, in order.
        separators: the marks that part words, by the word that they stand before.
    """

    def __init__(self, reading: SentenceReading, roles: Roles) -> None:
        self.roles = roles
        self.words = reading.words
        self.lower = [word.lower() for word in reading.words]
        self.heads = reading.heads
        self.relations = reading.relations
        self.tags = reading.tags
        self.separators = reading.separators
        self.quotations = reading.quotations
        self.children: list[list[int]] = [[] for _ in reading.words]
        for word, head in enumerate(reading.heads):
            if head != word:
                self.children[head].append(word)
        self.child_relations = [{reading.relations[child] for child in children} for children in self.children]
        self.child_forms = [{self.lower[child] for child in children} for children in self.children]

    def __len__(self) -> int:
        return len(self.lower)

    @cached_property
    def order(self) -> list[int]:
        """All words, heads before their dependents."""
        return top_down(self.heads, self.children)

    @cached_property
    def links(self) -> list[frozenset[str]]:
        """For every word, its prepositions and subordinators."""
        return [
            frozenset(self.lower[child] for child in children if self.relations[child] in _LINKS)
            for children in self.children
        ]

    @cached_property
    def auxiliaries(self) -> list[frozenset[str]]:
        """For every word, its auxiliaries and copulas."""
        return [
            frozenset(self.lower[child] for child in children if self.relations[child] in _AUXILIARIES)
            for children in self.children
        ]

    @cached_property
    def leftmost(self) -> list[int]:
        """For every word, the first word of all that hangs on it, itself included."""
        first = list(range(len(self)))
        for word in reversed(self.order):
            head = self.heads[word]
            first[head] = min(first[head], first[word])
        return first

    @cached_property
    def rightmost(self) -> list[int]:
        """For every word, the last word of all that hangs on it, itself included."""
        last = list(range(len(self)))
        for word in reversed(self.order):
            head = self.heads[word]
            last[head] = max(last[head], last[word])
        return last

    @cached_property
    def subjects(self) -> list[int | None]:
        """For every word, the subject of its clause, if it heads one."""
        return [
            next((child for child in children if self.relations[child] in SUBJECTS), None) for children in self.children
        ]

    @cached_property
    def conjuncts(self) -> list[list[int]]:
        """For every word, what is joined to it by conjunctions, in order."""
        return [[child for child in children if self.relations[child] == "conj"] for children in self.children]

    def is_clause(self, word: int) -> bool:
        """Whether `word` heads a clause with a subject of its own."""
        return self.subjects[word] is not None

    def has(self, word: int, relations: frozenset[str]) -> bool:
        """Whether a dependent of `word` stands in one of the relations."""
        return not relations.isdisjoint(self.child_relations[word])

    def is_set_off(self, word: int) -> bool:
        """Whether a mark parts the phrase of `word` from its head: "the pump, which failed"."""
        head = self.heads[word]
        return self.leftmost[word] in self.separators if word > head else self.rightmost[word] + 1 in self.separators

    def is_figure(self, word: int) -> bool:
        """Whether the word is a number, whatever its sign or currency."""
        return self.tags[word] == "NUM" or any(character.isdigit() for character in self.lower[word][:2])

    def is_negation(self, word: int) -> bool:
        """Whether the word turns a statement into its opposite."""
        return self.lower[word] in self.roles.negations or self.lower[word].endswith(self.roles.negation_suffixes)

    def is_attribution(self, word: int) -> bool:
        """Whether `word` only says who says the rest: "data showed" in "it grew, data showed"."""
        lower = self.lower[word]
        attributes = lower in self.roles.reporting or lower in self.roles.claiming
        return self.relations[word] == "parataxis" and attributes and not self.has(word, _STATEMENTS)

    def is_past(self, word: int) -> bool:
        """Whether the clause of `word` tells what is over, as far as its verb forms show."""
        auxiliaries = self.auxiliaries[word]
        if not auxiliaries.isdisjoint(self.roles.past_auxiliaries):
            return auxiliaries.isdisjoint(self.roles.modals)
        if not auxiliaries.isdisjoint(self.roles.future_auxiliaries):
            return False
        lower = self.lower[word]
        return self.tags[word] == "VERB" and (
            lower.endswith(self.roles.past_suffixes) or lower in self.roles.irregular_pasts
        )

    def concludes(self, word: int) -> bool:
        """Whether the word is the "so" that ties a clause to the one before: "it leaks, so it has to be replaced"."""
        head = self.heads[word]
        if self.lower[word] not in self.roles.concluding_adverbs or self.relations[head] not in CLAUSE_LINKS:
            return False
        # "so did the wages", "was so heavy" and "so many of them" are other ones.
        return word + 1 < head and word == self.children[head][0] and self.tags[word + 1] != "AUX"

    def crossed_links(self) -> list[bool]:
        """For every word, whether it links a phrase across a word that hangs on neither: the mark of a misreading.

        Phrases may stand apart from what they belong to, but an "as" or "so" stands right before what it introduces.
        """
        entered, left = self._intervals()
        return [
            self.relations[word] in _CROSSING_LINKS and not _encloses(entered, left, head, word)
            for word, head in enumerate(self.heads)
        ]

    def _intervals(self) -> tuple[list[int], list[int]]:
        """Intervals of a depth-first walk: a word's interval lies within those of the words that it hangs on."""
        entered, left = [0] * len(self), [0] * len(self)
        waiting = [word for word, head in enumerate(self.heads) if head == word]
        clock = 0
        while waiting:
            word = waiting.pop()
            clock += 1
            if word < 0:
                left[~word] = clock
            else:
                entered[word] = clock
                waiting.append(~word)
                waiting.extend(self.children[word])
        return entered, left


def _encloses(entered: list[int], left: list[int], head: int, word: int) -> bool:
    """Whether all that stands between a head and its dependent hangs on the head."""
    first, last = (word + 1, head) if word < head else (head + 1, word)
    if first >= last:
        return True
    return min(entered[first:last]) >= entered[head] and max(left[first:last]) <= left[head]


def chain_conjuncts(heads: list[int], relations: list[str]) -> list[int]:
    """Heads in which the earlier conjuncts of a list hang on its last one.

    The last conjunct carries the "and": a list may lose members from its middle, but never its "and" alone.
    """
    chained = list(heads)
    lists: dict[int, list[int]] = {}
    for word, relation in enumerate(relations):
        if relation == "conj" and heads[word] < word:
            lists.setdefault(heads[word], []).append(word)
    with_link = {heads[word] for word, relation in enumerate(relations) if relation == "cc"}
    for members in lists.values():
        if members[-1] in with_link:
            for member in members[:-1]:
                if member not in with_link:
                    chained[member] = members[-1]
    return chained
