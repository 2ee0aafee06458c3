"""What may not be dropped from a gold tree: the measure's own rules, apart from those by which the engine chooses.

They are what the engine's rules were when the measure was made, and stay so: could a rule of the engine change what is
called a fault, it could pass by calling it none. Where they are right is for the reader to say; they are the same for
every bundle. Relations are Universal Dependencies' (https://universaldependencies.org/en/), words are those of
`data/judge-en.toml`.
"""

from __future__ import annotations

import sys
from enum import Enum
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_build.corpora.collapse import ParsedSentence


class Harm(Enum):
    """What dropping a word does where its head is kept."""

    NONE = "none"
    BREAKS = "breaks"
    """The sentence lacks what it needs, or says the opposite."""
    BENDS = "bends"
    """The sentence says something else, or more than the text."""


_SUBJECTS = frozenset({"csubj", "csubj:outer", "csubj:pass", "expl", "nsubj", "nsubj:outer", "nsubj:pass"})
_FUNCTION_WORDS = frozenset({"aux", "aux:pass", "case", "cc:preconj", "compound:prt", "cop", "det", "mark"})
_COMPLEMENTS = frozenset({"ccomp", "iobj", "nmod:poss", "obj", "orphan", "xcomp"})
_PARTS_OF_EXPRESSIONS = frozenset({"fixed", "flat", "goeswith"})
_NEEDED = _SUBJECTS | _FUNCTION_WORDS | _COMPLEMENTS | _PARTS_OF_EXPRESSIONS
_LINKING_TAGS = frozenset({"ADP", "AUX", "PART", "SCONJ"})
_STATEMENTS = frozenset({"obj", "xcomp", "ccomp"})
_FIGURE_RELATIONS = frozenset({"advmod", "amod", "compound", "nmod:desc", "nmod:unmarked", "nummod"})
_NAME_RELATIONS = frozenset({"amod", "compound", "nmod:desc"})
_CLAUSE_LINKS = frozenset({"conj", "parataxis"})
_STATED_WITH_HEAD = frozenset({"acl", "acl:relcl", "advcl", "conj", "parataxis"})
# What a negated verb passes its negation on to: "do not expect it to be given to patients with asthma".
_REACHING = frozenset({"ccomp", "obj", "obl", "xcomp"})
_COMPARISON_REACH = 6


@cache
def _words() -> dict[str, frozenset[str]]:
    table = tomllib.loads((resources.files(__package__) / "data" / "judge-en.toml").read_text(encoding="utf-8"))
    return {row: frozenset(value.split() if isinstance(value, str) else value) for row, value in table.items()}


class _Hanging(NamedTuple):
    """What hangs on a word: the dependents, their relations and their forms."""

    words: list[int]
    relations: set[str]
    forms: set[str]


class GoldArcs:
    """The arcs of a gold tree, judged.

    Attributes:
        harms: for every word, what dropping it does where its head is kept; for the root, `Harm.NONE`.
        statements: words that the sentence asserts with a subject of their own, so that they may stand alone.
    """

    def __init__(self, tree: ParsedSentence) -> None:
        self._tree = tree
        self._lower = [word.lower() for word in tree.words]
        self._hanging = [_Hanging([], set(), set()) for _ in tree.words]
        for word, head in enumerate(tree.heads):
            if word != head:
                hanging = self._hanging[head]
                hanging.words.append(word)
                hanging.relations.add(tree.relations[word])
                hanging.forms.add(self._lower[word])
        self._top_down = list(self._walk())
        self.harms = [Harm.NONE if head == word else self._harm(word) for word, head in enumerate(tree.heads)]
        self.statements = frozenset(self._find_statements())

    def is_link(self, word: int) -> bool:
        """Whether a word only links what it hangs on to a head above: of the root there is none."""
        head = self._tree.heads[word]
        is_linking = self._tree.relations[word] in {"case", "cc", "mark"} or self._concludes(word)
        return is_linking and self._tree.heads[head] != head

    def _walk(self) -> Iterator[int]:
        waiting = [word for word, head in enumerate(self._tree.heads) if head == word]
        while waiting:
            word = waiting.pop()
            yield word
            waiting += self._hanging[word].words

    def _is(self, word: int, role: str) -> bool:
        return self._lower[word] in _words()[role]

    def _has(self, word: int, role: str) -> bool:
        return not _words()[role].isdisjoint(self._hanging[word].forms)

    def _harm(self, word: int) -> Harm:
        relation = self._tree.relations[word]
        if relation == "cc":
            return Harm.BREAKS if self._tree.relations[self._tree.heads[word]] == "conj" else Harm.NONE
        if self._is_needed(word):
            return Harm.BREAKS
        if self._bends(word):
            return Harm.BENDS
        judge = _JUDGES.get(relation)
        return judge(self, word) if judge else Harm.NONE

    def _is_needed(self, word: int) -> bool:
        if self._tree.relations[word] in _NEEDED or self._tree.tags[word] in _LINKING_TAGS:
            return True
        return self._is_negation(word) or self._binds_name_or_number(word) or self._fits_article(word)

    def _is_negation(self, word: int) -> bool:
        return self._is(word, "negations") or self._lower[word].endswith(tuple(_words()["negating_endings"]))

    @cached_property
    def _phrase_negations(self) -> set[int]:
        """Find the words of "no longer", "under no circumstances" and the like."""
        found = set[int]()
        for phrase in map(str.split, _words()["phrase_negations"]):
            for first in range(len(self._lower) - len(phrase) + 1):
                if self._lower[first : first + len(phrase)] == phrase:
                    found.update(range(first, first + len(phrase)))
        return found

    def _bends(self, word: int) -> bool:
        relation = self._tree.relations[word]
        if relation == "nummod" or word in self._phrase_negations or self._qualifies_figure(word):
            return True
        is_turning = self._is(word, "non_subsective") or self._is(word, "orders") or self._is_compared(word)
        return relation == "amod" and is_turning

    def _qualifies_figure(self, word: int) -> bool:
        """Whether the word says how the figure after it is meant: "above 40", "about 3,000"."""
        return self._is(word, "figure_qualifiers") and word + 1 < len(self._lower) and self._is_figure(word + 1)

    def _is_figure(self, word: int) -> bool:
        return self._tree.tags[word] == "NUM" or any(character.isdigit() for character in self._lower[word][:2])

    def _harm_of_adverb(self, word: int) -> Harm:
        if self._is(word, "hedges") or self._is(word, "turning_adverbs"):
            return Harm.BENDS
        is_needed = self._is(word, "wh_adverbs") or self._is_compared(word) or self._concludes(word)
        return Harm.BREAKS if is_needed else Harm.NONE

    def _concludes(self, word: int) -> bool:
        """Whether the word is the "so" that ties a clause to the one before: "it leaks, so it has to be replaced"."""
        head = self._tree.heads[word]
        if self._lower[word] != "so" or self._tree.relations[head] not in _CLAUSE_LINKS or word + 1 >= head:
            return False
        return word == self._hanging[head].words[0] and self._tree.tags[word + 1] != "AUX"

    def _is_compared(self, word: int) -> bool:
        """Whether a "than" close after the word needs it: "more slowly than expected", "larger than before"."""
        compares = self._is(word, "comparatives") or self._has(word, "comparatives") or self._lower[word].endswith("er")
        return compares and "than" in self._lower[word + 1 : word + 1 + _COMPARISON_REACH]

    def _harm_of_phrase(self, word: int) -> Harm:
        relation, head = self._tree.relations[word], self._tree.heads[word]
        links = self._links_of_phrase(word)
        qualifies_head = relation == "nmod" and self._is_figure(word) and self._has(word, "figure_qualifiers")
        if links & _words()["conditions"] or qualifies_head:
            return Harm.BENDS
        # What a negation reaches belongs to it: "cannot come before Tuesday" is not "cannot come".
        if self._negated[head] and not links & _words()["concessions"]:
            return Harm.BENDS
        if "than" in links or self._needs_phrase(head, links):
            return Harm.BREAKS
        is_part = "of" in links and relation in {"nmod", "obl"} and self._is(head, "partitives")
        return Harm.BREAKS if is_part else Harm.NONE

    def _links_of_phrase(self, word: int) -> set[str]:
        return {
            self._lower[each] for each in self._hanging[word].words if self._tree.relations[each] in {"case", "mark"}
        }

    def _needs_phrase(self, verb: int, links: set[str]) -> bool:
        pairs = (pair.split() for pair in _words()["prepositional"])
        return any(preposition in links and self._lower[verb].startswith(start) for start, preposition in pairs)

    def _harm_of_bare_phrase(self, word: int) -> Harm:
        """Judge a phrase without a preposition: "93% full", "three years old", "cannot come Thursday morning"."""
        head = self._tree.heads[word]
        is_measure = self._is_figure(word) or "nummod" in self._hanging[word].relations
        is_bent = self._negated[head] or (is_measure and self._tree.tags[head] in {"ADJ", "ADV"})
        return Harm.BENDS if is_bent else Harm.NONE

    def _harm_of_conjunct(self, word: int) -> Harm:
        """Judge the second half of a pair: without it "neither the pilot nor the guest" is about the pilot."""
        return Harm.BREAKS if self._has(self._tree.heads[word], "correlatives") else Harm.NONE

    def _binds_name_or_number(self, word: int) -> bool:
        """Whether dropping the word tears a name or figure apart: "bay 3", "May 5", "Los Angeles", "Sunday night"."""
        head, relation = self._tree.heads[word], self._tree.relations[word]
        is_beside = abs(word - head) == 1
        if self._tree.tags[word] == self._tree.tags[head] == "PROPN" and relation in _NAME_RELATIONS:
            return is_beside
        if self._is_month_of_date(word) or (self._is(word, "weekdays") and head == word + 1):
            return True
        if relation not in _FIGURE_RELATIONS or not self._is_figure(word):
            return False
        is_month = self._lower[head].rstrip(".") in _words()["months"]
        return is_beside or is_month or self._tree.tags[head] in {"NUM", "SYM", "PROPN"}

    def _is_month_of_date(self, word: int) -> bool:
        if self._lower[word].rstrip(".") not in _words()["months"]:
            return False
        return any(0 <= other < len(self._lower) and self._is_figure(other) for other in (word - 1, word + 1))

    def _fits_article(self, word: int) -> bool:
        """Whether the article before fits this word but not the next: "an updated version" needs its "updated"."""
        if word == 0 or word + 1 == len(self._lower) or self._lower[word - 1] not in {"a", "an"}:
            return False
        return (self._lower[word][0] in "aeiou") != (self._lower[word + 1][0] in "aeiou")

    @cached_property
    def _negated(self) -> list[bool]:
        """For every word, whether a negation reaches it: its own, or that of the verb above it."""
        negated = [any(map(self._is_negation, hanging.words)) for hanging in self._hanging]
        for word in self._top_down:
            if self._tree.relations[word] in _REACHING and negated[self._tree.heads[word]]:
                negated[word] = True
        return negated

    def _find_statements(self) -> Iterator[int]:
        asserted, standing = set[int](), set[int]()
        for word in self._top_down:
            relation, head = self._tree.relations[word], self._tree.heads[word]
            if head != word and not (head in asserted and self._is_asserted_with_head(word)):
                continue
            asserted.add(word)
            is_clause = not _SUBJECTS.isdisjoint(self._hanging[word].relations)
            is_added = relation in _CLAUSE_LINKS and head in standing and not self._is_attribution(word)
            if head == word or (is_clause and (relation == "ccomp" or is_added)):
                standing.add(word)
                yield word

    def _is_asserted_with_head(self, word: int) -> bool:
        """Whether a text that states a word's head states the word too: "police, saying that …", but not "if …"."""
        relation, head = self._tree.relations[word], self._tree.heads[word]
        if relation == "ccomp":
            is_doubted = self._negated[head] or self._has(head, "modals") or self._has(head, "hedges")
            return self._is(head, "reporting") and not is_doubted
        is_purpose = relation in {"acl", "advcl"} and "to" in self._links_of_phrase(word)
        return relation in _STATED_WITH_HEAD and self.harms[word] is Harm.NONE and not is_purpose

    def _is_attribution(self, word: int) -> bool:
        """Whether the word only says who says the rest: "data showed" in "it grew, data showed"."""
        if self._tree.relations[word] != "parataxis" or not self._is(word, "attributing"):
            return False
        return _STATEMENTS.isdisjoint(self._hanging[word].relations)


_JUDGES = {
    "acl": GoldArcs._harm_of_phrase,
    "advcl": GoldArcs._harm_of_phrase,
    "advmod": GoldArcs._harm_of_adverb,
    "conj": GoldArcs._harm_of_conjunct,
    "nmod": GoldArcs._harm_of_phrase,
    "obl": GoldArcs._harm_of_phrase,
    "obl:unmarked": GoldArcs._harm_of_bare_phrase,
}
