"""What English grammar says about dropping a word, from its tree alone.

Each arc falls into a class. Some words can't be dropped without saying the opposite (a negation), breaking the
sentence (a needed complement, an auxiliary), bending its meaning (a condition, a figure) or saying more than the text
does (what a negation reaches): those are `DENYING`, `BREAKING`, `BENDING` and `WIDENING`, the worst first. All others
have a cost in the table of `costs`. The classes refine Universal Dependencies relations
(https://universaldependencies.org/en/).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive import lexicon
from briefd_server.engines.extractive.knapsack import top_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from briefd_server.engines.extractive.reading import SentenceReading

DENYING = "denying"
BREAKING = "breaking"
BENDING = "bending"
WIDENING = "widening"

# Relations whose dependent a kept head needs: function words, core arguments, parts of one expression.
_NEEDED = frozenset(
    "aux aux:pass case ccomp compound:prt cop csubj csubj:outer csubj:pass det expl fixed flat goeswith iobj mark "
    "nmod:poss nsubj nsubj:outer nsubj:pass obj xcomp cc:preconj orphan".split()
)
# Parts of speech that only ever serve another word, whatever relation the parser read.
_LINKING_TAGS = frozenset({"ADP", "AUX", "PART", "SCONJ"})
_LINKS = frozenset({"aux", "aux:pass", "case", "cc", "cop", "mark"})
_COMPARISON_REACH = 6
_FIGURE_RELATIONS = frozenset({"advmod", "amod", "compound", "nmod:desc", "nmod:unmarked", "nummod"})
CLAUSE_LINKS = frozenset({"conj", "parataxis"})
"""Relations of a clause to the one that it is added to."""
# Relations of clauses that are stated along with their heads, unless their class says otherwise.
_STATING = frozenset({*CLAUSE_LINKS, "acl", "acl:relcl", "advcl"})
# Phrases that narrow what a negation says, and the words on the way from them to the negated verb: "do not expect it to
# be given to patients with asthma".
_REACHED = frozenset({"acl", "advcl", "nmod", "obl"})
_REACHING = frozenset({"ccomp", "obj", "obl", "xcomp"})
_COUNTS = frozenset({"nummod"})
# Dependents that make a report of what they say a guess.
_UNCERTAIN = lexicon.MODALS | lexicon.HEDGES
_OBJECTS = frozenset({"obj", "iobj", "xcomp", "ccomp"})
_STATEMENTS = _OBJECTS - {"iobj"}
_SUBJECTS = frozenset("nsubj nsubj:pass csubj csubj:pass expl nsubj:outer csubj:outer".split())

_ADVERB_CLASSES = {
    "advmod:intensifier": lexicon.INTENSIFIERS,
    "advmod:discourse": lexicon.DISCOURSE_ADVERBS,
    "advmod:direction": lexicon.DIRECTIONS,
}


class Grammar:
    """The arcs of one sentence's tree, classed.

    What is asked of a head by each of its dependents is found once: a word may have thousands of them.
    """

    def __init__(self, reading: SentenceReading) -> None:
        self.lower = [word.lower() for word in reading.words]
        self._reading = reading
        self.children: list[list[int]] = [[] for _ in reading.words]
        for word, head in enumerate(reading.heads):
            if head != word:
                self.children[head].append(word)
        self._child_relations = [{reading.relations[child] for child in children} for children in self.children]
        self._child_forms = [{self.lower[child] for child in children} for children in self.children]

    def has(self, word: int, relations: frozenset[str]) -> bool:
        """Whether a dependent of `word` stands in one of the relations."""
        return not relations.isdisjoint(self._child_relations[word])

    def is_clause(self, word: int) -> bool:
        """Whether `word` heads a clause with a subject of its own."""
        return self.has(word, _SUBJECTS)

    def is_attribution(self, word: int) -> bool:
        """Whether `word` only says who says the rest: "data showed" in "it grew, data showed"."""
        is_aside = self._reading.relations[word] == "parataxis" and self.lower[word] in lexicon.ATTRIBUTING
        return is_aside and not self.has(word, _STATEMENTS)

    def arc_class(self, word: int) -> str:
        """Class of the arc from `word` to its head: one of those above, or a row of the cost table."""
        relation = self._reading.relations[word]
        if relation != "cc" and _is_negation(self.lower[word]):
            return DENYING
        if relation in _NEEDED or self._reading.tags[word] in _LINKING_TAGS:
            return BREAKING
        if self._binds_name_or_number(word) or self._fits_article(word):
            return BREAKING
        if relation != "cc" and self._bends_meaning(word):
            return BENDING
        refine = _REFINEMENTS.get(relation)
        return refine(self, word) if refine else relation

    def _bends_meaning(self, word: int) -> bool:
        lower, relation = self.lower[word], self._reading.relations[word]
        if relation == "nummod" or self._qualifies_figure(word):
            return True
        if relation != "amod":
            return False
        return lower in lexicon.NON_SUBSECTIVE or lower in lexicon.ORDERS or self._is_compared(word)

    def _qualifies_figure(self, word: int) -> bool:
        """Whether the word stands before a figure and says how it is meant: "above 40", "up to 12", "about 3,000"."""
        return self.lower[word] in lexicon.FIGURE_QUALIFIERS and word + 1 < len(self.lower) and self.is_figure(word + 1)

    def _is_qualified_figure(self, word: int) -> bool:
        """Whether the word is the figure of a phrase such as "(people) over 80"."""
        return self.is_figure(word) and not lexicon.FIGURE_QUALIFIERS.isdisjoint(self._child_forms[word])

    def is_figure(self, word: int) -> bool:
        """Whether the word is a number, whatever its sign or currency."""
        return self._reading.tags[word] == "NUM" or any(character.isdigit() for character in self.lower[word][:2])

    def _link_class(self, word: int) -> str:
        return BREAKING if self._reading.relations[self._reading.heads[word]] == "conj" else "cc"

    def _adverb_class(self, word: int) -> str:
        form = self.lower[word]
        if form in lexicon.HEDGES or form in lexicon.TURNING_ADVERBS:
            return BENDING
        if form in lexicon.WH_ADVERBS or self._is_compared(word) or self._concludes(word):
            return BREAKING
        if form in lexicon.DEGREES or not lexicon.DEGREES.isdisjoint(self._child_forms[word]):
            return "advmod:degree"
        return next((name for name, forms in _ADVERB_CLASSES.items() if form in forms), "advmod")

    def _concludes(self, word: int) -> bool:
        """Whether the word is the "so" that ties a clause to the one before: "it leaks, so it has to be replaced"."""
        head = self._reading.heads[word]
        if self.lower[word] != "so" or self._reading.relations[head] not in CLAUSE_LINKS or word + 1 >= head:
            return False
        # "so did the wages", "was so heavy" and "so many of them" are other ones.
        return word == self.children[head][0] and self._reading.tags[word + 1] != "AUX"

    def _is_compared(self, word: int) -> bool:
        """Whether a "than" later in the sentence needs the word: "more slowly than expected", "larger than before"."""
        forms = {self.lower[word], *self._child_forms[word]}
        compares = bool(forms & lexicon.COMPARATIVES) or self.lower[word].endswith("er")
        return compares and "than" in self.lower[word + 1 : word + 1 + _COMPARISON_REACH]

    def _phrase_class(self, word: int) -> str:
        relation, head = self._reading.relations[word], self._reading.heads[word]
        links = {
            self.lower[child] for child in self.children[word] if self._reading.relations[child] in {"case", "mark"}
        }
        if links & lexicon.CONDITIONS or (relation == "nmod" and self._is_qualified_figure(word)):
            return BENDING
        # What a negation reaches belongs to it: "cannot come before Tuesday" is not "cannot come".
        if relation in _REACHED and self._negated[head] and not links & lexicon.CONCESSIONS:
            return WIDENING
        if "than" in links or self._needs_phrase(head, links):
            return BREAKING
        if "of" in links and relation in {"nmod", "obl"}:
            return BREAKING if self.lower[head] in lexicon.PARTITIVES else f"{relation}:of"
        if relation == "obl" and self._completes_verb(word, head):
            return "obl:near"
        return f"{relation}:to" if "to" in links and relation in {"acl", "advcl"} else relation

    def _needs_phrase(self, verb: int, links: set[str]) -> bool:
        return any(
            self.lower[verb].startswith(start) and preposition in links for start, preposition in lexicon.PREPOSITIONAL
        )

    def _completes_verb(self, word: int, verb: int) -> bool:
        """Whether a phrase is the first thing after a verb without an object: "switched to its timer programme"."""
        if self._reading.tags[verb] != "VERB" or self.has(verb, _OBJECTS):
            return False
        return word < verb or self._first_phrases.get(verb) == word

    @cached_property
    def _first_phrases(self) -> dict[int, int]:
        """For every word with oblique phrases after it, the first one."""
        phrases: dict[int, int] = {}
        for word, head in enumerate(self._reading.heads):
            if self._reading.relations[word] == "obl" and head < word:
                phrases.setdefault(head, word)
        return phrases

    def _bare_phrase_class(self, word: int) -> str:
        """Class of a phrase without a preposition: "93% full", "three years old", "cannot come Thursday morning"."""
        head = self._reading.heads[word]
        is_measure = self.is_figure(word) or self.has(word, _COUNTS)
        if is_measure and self._reading.tags[head] in {"ADJ", "ADV"}:
            return BENDING
        return WIDENING if self._negated[head] else self._reading.relations[word]

    def _conjunct_class(self, word: int) -> str:
        if not lexicon.CORRELATIVES.isdisjoint(self._child_forms[self._reading.heads[word]]):
            return BREAKING
        if self.is_clause(word):
            return "conj:clause"
        return "conj:verb" if self._reading.tags[word] == "VERB" else "conj"

    def _binds_name_or_number(self, word: int) -> bool:
        """Whether dropping the word tears a name or figure apart: "bay 3", "May 5", "Los Angeles", "Sunday night"."""
        reading, head = self._reading, self._reading.heads[word]
        tags = (reading.tags[word], reading.tags[head])
        relation = reading.relations[word]
        if relation in {"compound", "amod", "nmod:desc", "nmod"} and tags == ("PROPN", "PROPN"):
            return abs(word - head) == 1 and relation != "nmod"
        if self._is_month_of_date(word) or (self.lower[word] in lexicon.WEEKDAYS and head == word + 1):
            return True
        if relation in _FIGURE_RELATIONS and self.is_figure(word):
            return (
                abs(word - head) == 1
                or tags[1] in {"NUM", "SYM", "PROPN"}
                or self.lower[head].rstrip(".") in lexicon.MONTHS
            )
        return False

    def _is_month_of_date(self, word: int) -> bool:
        neighbours = (word - 1, word + 1)
        is_month = self.lower[word].rstrip(".") in lexicon.MONTHS
        return is_month and any(0 <= other < len(self.lower) and self.is_figure(other) for other in neighbours)

    def _fits_article(self, word: int) -> bool:
        """Whether the article before fits this word but not the next: "an updated version" needs its "updated"."""
        if word == 0 or word + 1 == len(self.lower) or self.lower[word - 1] not in {"a", "an"}:
            return False
        return (self.lower[word][0] in lexicon.VOWELS) != (self.lower[word + 1][0] in lexicon.VOWELS)

    def leftmost(self) -> list[int]:
        """For every word, the first word of all that hangs on it, itself included."""
        first = list(range(len(self.lower)))
        for word in reversed(top_down(self._reading.heads, self.children)):
            head = self._reading.heads[word]
            first[head] = min(first[head], first[word])
        return first

    def crossed_links(self) -> list[bool]:
        """For every word, whether it links a phrase across a word that hangs on neither: the mark of a misreading.

        Phrases may stand apart from what they belong to, but an "as" or "so" stands right before what it introduces.
        """
        entered, left = self._intervals()
        crossed = []
        for word, head in enumerate(self._reading.heads):
            between = slice(min(word, head) + 1, max(word, head))
            inside = (entered[between] >= entered[head]) & (left[between] <= left[head])
            crossed.append(self._reading.relations[word] in _LINKS and not inside.all())
        return crossed

    def _intervals(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Intervals of a depth-first walk: a word's interval lies within those of the words that it hangs on."""
        entered, left = np.zeros((2, len(self.lower)), dtype=np.int64)
        waiting = [word for word, head in enumerate(self._reading.heads) if head == word]
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

    def entries(self) -> dict[int, str]:
        """Find the words that may become the summary's root, each with its row of the cost table."""
        reading = self._reading
        entries: dict[int, str] = {}
        asserted = set[int]()
        for word in top_down(reading.heads, self.children):
            relation, head = reading.relations[word], reading.heads[word]
            if head == word:
                asserted.add(word)
                entries[word] = "root"
            elif head in asserted and self._is_asserted_with_head(word):
                asserted.add(word)
                if relation == "ccomp" and self.is_clause(word):
                    entries[word] = "reported"
                elif relation in CLAUSE_LINKS and self._states_something(word) and head in entries:
                    entries[word] = relation
        return entries

    def _states_something(self, word: int) -> bool:
        return self.is_clause(word) and not self.is_attribution(word)

    def _is_asserted_with_head(self, word: int) -> bool:
        """Whether a text that states a word's head states the word too: "police, saying that …", but not "if …"."""
        relation, head = self._reading.relations[word], self._reading.heads[word]
        if relation == "ccomp":
            return self.lower[head] in lexicon.REPORTING and not self._is_denied_or_possible(head)
        return relation in _STATING and self.arc_class(word) in {relation, "conj:clause", "conj:verb"}

    def _is_denied_or_possible(self, word: int) -> bool:
        return self._negated[word] or not _UNCERTAIN.isdisjoint(self._child_forms[word])

    @cached_property
    def _negated(self) -> list[bool]:
        """For every word, whether a negation reaches it: its own, or that of the verb above it."""
        reading = self._reading
        negated = [any(map(_is_negation, forms)) for forms in self._child_forms]
        for word in top_down(reading.heads, self.children):
            if reading.relations[word] in _REACHING and negated[reading.heads[word]]:
                negated[word] = True
        return negated

    def links(self, word: int) -> list[int]:
        """Dependents that only tie `word` to what stands before it: they go when it becomes the root."""
        return [
            child
            for child in self.children[word]
            if self._reading.relations[child] in {"cc", "mark"} or self._concludes(child)
        ]


_REFINEMENTS = {
    "acl": Grammar._phrase_class,
    "advcl": Grammar._phrase_class,
    "advmod": Grammar._adverb_class,
    "cc": Grammar._link_class,
    "conj": Grammar._conjunct_class,
    "nmod": Grammar._phrase_class,
    "obl": Grammar._phrase_class,
    "obl:unmarked": Grammar._bare_phrase_class,
}


def _is_negation(lower: str) -> bool:
    return lower in lexicon.NEGATIONS or lower.endswith(("n't", "n’t"))


def chain_conjuncts(reading: SentenceReading) -> list[int]:
    """Heads in which the earlier conjuncts of a list hang on its last one.

    The last conjunct carries the "and": a list may lose members from its middle, but never its "and" alone.
    """
    heads = list(reading.heads)
    lists: dict[int, list[int]] = {}
    for word, relation in enumerate(reading.relations):
        if relation == "conj" and reading.heads[word] < word:
            lists.setdefault(reading.heads[word], []).append(word)
    with_link = {reading.heads[word] for word, relation in enumerate(reading.relations) if relation == "cc"}
    for members in lists.values():
        if members[-1] in with_link:
            for member in members[:-1]:
                heads[member] = members[-1]
    return heads
