"""Cutting documents into passages: the texts that the small model learns to summarize."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_build.corpora.documents import Document


@dataclass(frozen=True)
class PassageShape:
    """How long passages are.

    Attributes:
        sentences: least and most sentences.
        words: least and most words; a passage ends before the sentence that would pass the most.
        share: how often this shape is drawn, relative to the others.
    """

    sentences: tuple[int, int]
    words: tuple[int, int]
    share: float


def cut_passages(
    documents: Sequence[Document], shapes: Sequence[PassageShape], rounds: int, seed: int
) -> Iterator[str]:
    """Cut each document into passages that follow one another, `rounds` times at other places.

    Sentences are joined by a space, in every tenth passage by line ends; white space within them becomes one space.
    Passages with too few words are left out.
    """
    for number, document in enumerate(documents):
        sentences = [" ".join(sentence.split()) for sentence in document.sentences]
        word_counts = [count_words(sentence) for sentence in sentences]
        for turn in range(rounds):
            chance = random.Random(f"{seed} {turn} {number}")  # noqa: S311 - chance of training data, no secret
            for start, end in _cut(word_counts, shapes, chance):
                yield ("\n" if chance.random() < 0.1 else " ").join(sentences[start:end])


def _cut(
    word_counts: Sequence[int], shapes: Sequence[PassageShape], chance: random.Random
) -> Iterator[tuple[int, int]]:
    start = chance.randrange(3) if len(word_counts) > 6 else 0
    while start < len(word_counts):
        shape = chance.choices(shapes, [shape.share for shape in shapes])[0]
        end = start
        last = min(start + chance.randint(*shape.sentences), len(word_counts))
        least, most = shape.words
        words = 0
        while end < last and words + word_counts[end] <= most:
            words += word_counts[end]
            end += 1
        if words >= least:
            yield start, end
        start = max(end, start + 1)
