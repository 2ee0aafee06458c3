"""Expressions of several words, found where they stand: negations ("no longer"), conditions ("as long as"), others."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from briefd_server.engines.extractive.roles import Roles
    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_NONE: frozenset[int] = frozenset()
# What stands in quotation marks is a title or an expression up to this many words, and is kept whole.
_LONGEST_QUOTED_NAME = 7


class Phrases:
    """The expressions in one sentence.

    Attributes:
        negative: words that are part of a negation of several words.
    """

    def __init__(self, tree: SentenceTree) -> None:
        self._tree = tree
        self._mates: dict[int, frozenset[int]] = {}
        self.negative: set[int] = set()
        self._conditions: set[int] = set()
        self._sources: set[int] = set()
        for first, last in tree.quotations:
            if last - first < _LONGEST_QUOTED_NAME:
                self._add(range(first, last + 1), "fixed")
        index = _index(tree.roles)
        for start, form in enumerate(tree.lower):
            for phrase, kind in index.get(form, ()):
                if tuple(tree.lower[start : start + len(phrase)]) == phrase:
                    self._add(range(start, start + len(phrase)), kind)

    def _add(self, words: range, kind: str) -> None:
        mates = frozenset(words)
        for word in words:
            self._mates[word] = self._mates.get(word, _NONE) | mates
        if kind == "negative":
            self.negative.update(words)
        elif kind == "condition":
            self._conditions.update(words)
        elif kind == "source":
            self._sources.update(words)

    @property
    def has_conditions(self) -> bool:
        """Whether an expression of condition stands in the sentence."""
        return bool(self._conditions)

    def mates(self, word: int) -> frozenset[int]:
        """Words of the expression that `word` is part of, itself included; none where it is part of none."""
        return self._mates.get(word, _NONE)

    def is_condition(self, word: int) -> bool:
        """Whether an expression of condition leads the phrase of `word`, or is its head."""
        return self._leads(self._conditions, word)

    def is_source(self, word: int) -> bool:
        """Whether an expression such as "according to" leads the phrase of `word`, or is its head."""
        return self._leads(self._sources, word)

    def _leads(self, found: set[int], word: int) -> bool:
        if not found or self._tree.heads[word] in self.mates(word):
            return False
        return word in found or any(
            self._only_leads(child, word) for child in self._tree.children[word][:4] if child in found
        )

    def _only_leads(self, child: int, word: int) -> bool:
        """Whether part of an expression stands before `word` with nothing else on it, unlike "as long as it rings"."""
        return child < word and self._tree.rightmost[child] in self.mates(child)


@cache
def _index(roles: Roles) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    index: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for kind, phrases in _kinds(roles):
        for phrase in phrases:
            index.setdefault(phrase[0], []).append((phrase, kind))
    return index


def _kinds(roles: Roles) -> Iterable[tuple[str, tuple[tuple[str, ...], ...]]]:
    return (
        ("negative", roles.negative_phrases),
        ("fixed", roles.fixed_phrases),
        ("condition", roles.condition_phrases),
        ("source", roles.source_phrases),
    )
