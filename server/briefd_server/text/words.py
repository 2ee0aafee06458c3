"""What a word is: a run of characters between white space, its outer punctuation peeled off.

A reader counts "data-driven", "don't", "$1.65" and "U.S." as one word each and a lone dash as none. The same definition
counts the words of a summary, cuts the input for the model and groups treebank tokens for training.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TOKEN = re.compile(r"\S+")
# Symbols that belong to the word they touch: "$5", "50%", "#42", "@home", "C++", "AT&T", "21°".
_BELONGING_SYMBOLS = frozenset("%#@+&°")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: `[start, end)` is the word itself, `[outer_start, outer_end)` the run between white space."""

    start: int
    end: int
    outer_start: int
    outer_end: int


def find_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Find the words of `text[start:end]`, in order; offsets are code points of the whole `text`."""
    words = []
    for token in _TOKEN.finditer(text, start, len(text) if end is None else end):
        core = _peel(token.group())
        if core is not None:
            words.append(Word(token.start() + core[0], token.start() + core[1], token.start(), token.end()))
    return words


def count_words(text: str) -> int:
    """Count the words of `text`."""
    return len(find_words(text))


def _peel(token: str) -> tuple[int, int] | None:
    first = next((i for i, c in enumerate(token) if c.isalnum()), None)
    if first is None:
        return None
    last = next(i for i in range(len(token) - 1, -1, -1) if token[i].isalnum())
    while first > 0 and _belongs(token[first - 1]):
        first -= 1
    while last + 1 < len(token) and _belongs(token[last + 1]):
        last += 1
    return first, last + 1


def _belongs(character: str) -> bool:
    return character in _BELONGING_SYMBOLS or unicodedata.category(character) in {"Sc", "Mn", "Mc", "Me"}
