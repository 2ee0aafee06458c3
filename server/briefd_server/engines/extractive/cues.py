"""Cue words and phrases of a language, by the role that they give to a sentence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.setting import CUES
from briefd_server.languages import read_words

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cues:
    """The phrases of some roles, found by their first word.

    What a sentence holds is found in one pass over its words: the phrases that a word begins are few and short.
    """

    def __init__(self, language: str, roles: Sequence[str]) -> None:
        table = read_words(language, CUES)
        self.roles = tuple(roles)
        self._by_first: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for number, role in enumerate(roles):
            for phrase in sorted(table[role]):
                words = tuple(phrase.split())
                self._by_first.setdefault(words[0], []).append((words, number))

    def count(self, words: Sequence[str]) -> list[int]:
        """Count the cues of each role among lower-case words."""
        counts = [0] * len(self.roles)
        for position, word in enumerate(words):
            for phrase, role in self._by_first.get(word, ()):
                counts[role] += self._stands(phrase, words, position)
        return counts

    def at_start(self, words: Sequence[str]) -> list[bool]:
        """Tell for each role whether the words begin with one of its cues."""
        begun = [False] * len(self.roles)
        for phrase, role in self._by_first.get(words[0], ()) if words else ():
            begun[role] = begun[role] or self._stands(phrase, words, 0)
        return begun

    @staticmethod
    def _stands(phrase: tuple[str, ...], words: Sequence[str], position: int) -> bool:
        return len(phrase) == 1 or tuple(words[position : position + len(phrase)]) == phrase


@cache
def read_cues(language: str, roles: tuple[str, ...]) -> Cues:
    """Read a language's cues, once a process."""
    return Cues(language, roles)
