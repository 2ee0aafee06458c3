"""Attachments that grammar settles but a small parser may miss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.reading import SentenceReading

_CONJUNCT = "conj"


def attach_ranges(reading: SentenceReading) -> SentenceReading:
    """Hang the second end of a range on its first: in "between Port Ellery and the islands", "islands" on "Ellery".

    A parser that hangs it higher would let the range lose its first end ("the ferry and the islands"), one that reads
    "Port" and "Ellery" as two phrases its second ("between Port Ellery").
    """
    heads, relations = list(reading.heads), list(reading.relations)
    for preposition, word in enumerate(reading.words):
        first = heads[preposition]
        if word.lower() != "between" or first <= preposition:
            continue
        second = _first_conjunct_after(reading, first)
        # "We met, and between meetings we talked" is no range: "meetings" belongs to "talked" already.
        if second is None or _is_below(heads, first, second):
            continue
        if heads[second] < preposition:
            heads[second] = first
        elif heads[second] == first + 1 and heads[first] == heads[first + 1] != first + 1:
            heads[first + 1], relations[first + 1] = first, "flat"
            heads[second] = first
    return replace(reading, heads=heads, relations=relations)


def _first_conjunct_after(reading: SentenceReading, word: int) -> int | None:
    later = range(word + 1, len(reading))
    return next((place for place in later if reading.relations[place] == _CONJUNCT), None)


def _is_below(heads: Sequence[int], word: int, other: int) -> bool:
    while word not in (other, heads[word]):
        word = heads[word]
    return word == other
