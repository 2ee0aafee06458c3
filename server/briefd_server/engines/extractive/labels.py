"""Labels: what stands before a sentence and says how it is meant ("RESOLVED:", "Draft:", "Ola claims:")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading


def without_label(reading: SentenceReading, count: int) -> SentenceReading:
    """Take the first `count` words out of a sentence; a tree stays a tree.

    What hung on the label hangs on the sentence's root; where the root was in the label, the first word that hung on it
    takes its place.
    """
    if not count:
        return reading
    outside = [word for word in range(count, len(reading)) if reading.heads[word] < count]
    root = next((word for word in range(count, len(reading)) if reading.heads[word] == word), None)
    if root is None:
        root = outside[0]
    moved = dict.fromkeys(outside, root)
    moved[root] = root
    heads = [moved.get(word, reading.heads[word]) - count for word in range(count, len(reading))]
    relations = list(reading.relations[count:])
    for word in outside:
        if word != root:
            relations[word - count] = "parataxis"
    relations[root - count] = "root"
    return replace(
        reading,
        words=reading.words[count:],
        heads=heads,
        relations=relations,
        tags=reading.tags[count:],
        salience=reading.salience[count:],
        keep=reading.keep[count:],
        quotations=tuple((first - count, last - count) for first, last in reading.quotations if first >= count),
        separators={word - count: mark for word, mark in reading.separators.items() if word > count},
    )
