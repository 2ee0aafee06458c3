"""One sentence as the rules look at it: its tree, its polarity, and the expressions that stand in it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.phrases import Phrases
from briefd_server.engines.extractive.polarity import Polarity
from briefd_server.engines.extractive.roles import DOWN, UP, read_operators, read_roles
from briefd_server.engines.extractive.sentence_tree import SentenceTree

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading

_CLAUSES = frozenset({"advcl", "advcl:relcl", "acl", "acl:relcl", "obl", "obl:unmarked", "nmod"})
_OBJECTS = frozenset({"obj", "iobj", "xcomp", "ccomp"})
# Of a text in capitals more words than this begin with one.
_SHARE_OF_CAPITALS = 0.6


class SentenceView:
    """A sentence's tree, polarity and expressions, and the language's words by role.

    Attributes:
        roles: words of the language.
        tree: the sentence's tree.
        phrases: expressions of several words.
        polarity: of every place.
    """

    def __init__(self, reading: SentenceReading, *, is_denied: bool = False) -> None:
        self.roles = read_roles(reading.language)
        self.tree = SentenceTree(reading, self.roles)
        self.phrases = Phrases(self.tree)
        self.polarity = Polarity(
            self.tree, read_operators(reading.language), self.phrases, outer=DOWN if is_denied else UP
        )

    @cached_property
    def is_all_capitals(self) -> bool:
        """Whether the sentence is written in capitals, so that they tell no names."""
        return sum(form[0].isupper() for form in self.tree.words) > _SHARE_OF_CAPITALS * len(self.tree)

    @cached_property
    def last_clauses(self) -> list[int]:
        """For every word, the last clause or phrase that hangs on it; itself where none does."""
        return [
            max((child for child in children if self.tree.relations[child] in _CLAUSES), default=word)
            for word, children in enumerate(self.tree.children)
        ]

    @cached_property
    def first_degrees(self) -> list[int]:
        """For every word, the first degree ("too", "so", "as") that hangs on it; itself where none does."""
        return [
            next((child for child in children if self._is_degree(child)), word)
            for word, children in enumerate(self.tree.children)
        ]

    def _is_degree(self, word: int) -> bool:
        """Whether a word is an adverb of degree, and not the "as" that opens a clause."""
        return self.tree.lower[word] in self.roles.degrees and self.tree.relations[word] != "mark"

    def completes_verb(self, word: int, verb: int) -> bool:
        """Whether a phrase is the first thing after a verb without an object: "switched to its timer programme"."""
        tree = self.tree
        if tree.tags[verb] != "VERB" or tree.has(verb, _OBJECTS):
            return False
        return word > verb and self._first_phrases.get(verb) == word

    @cached_property
    def _first_phrases(self) -> dict[int, int]:
        """For every word with oblique phrases after it, the first one."""
        phrases: dict[int, int] = {}
        for word, head in enumerate(self.tree.heads):
            if self.tree.relations[word] == "obl" and head < word:
                phrases.setdefault(head, word)
        return phrases
