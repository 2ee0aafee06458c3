"""Openings of treebank documents that nothing is trained or tuned on: texts for people to read summaries of."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import TYPE_CHECKING

from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.corpora.documents import Document

# Of GUM's training documents, in their order, every third one gives its opening: 40 openings in all, 2 % of the
# treebanks' words.
_EVERY, _MOST_DOCUMENTS, _MOST_WORDS = 3, 40, 150


def opening_lengths(documents: Sequence[Document]) -> list[int]:
    """Count the sentences that are set aside of each of a treebank's training documents, in their order.

    An opening has whole sentences, 150 words at most; documents that give none have 0.
    """
    chosen = set(range(0, len(documents), _EVERY)[:_MOST_DOCUMENTS])
    return [_opening_length(each.sentences) if number in chosen else 0 for number, each in enumerate(documents)]


def openings(documents: Sequence[Document], lengths: Sequence[int]) -> list[Document]:
    """Take the openings of documents; lengths are those of `opening_lengths`."""
    return [_part(each, slice(0, length)) for each, length in zip(documents, lengths, strict=True) if length]


def without_openings(documents: Sequence[Document], lengths: Sequence[int]) -> list[Document]:
    """Leave the openings out of documents, which may be laid out otherwise than those that were counted."""
    pairs = zip(documents, lengths, strict=True)
    return [_part(each, slice(length, None)) for each, length in pairs if length < len(each.sentences)]


def _opening_length(sentences: Iterable[str]) -> int:
    return sum(1 for words in accumulate(map(count_words, sentences)) if words <= _MOST_WORDS)


def _part(document: Document, sentences: slice) -> Document:
    return replace(
        document,
        sentences=document.sentences[sentences],
        trees=document.trees[sentences],
        prominence=document.prominence[sentences],
    )
