"""Documents as batches of padded windows with the labels of every task."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from briefd_build.corpora.documents import Document, word_salience
from briefd_build.encoder.network import PAD_PIECE_ID, TAGS
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from random import Random

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.pieces import PieceEncoder, Pieces, Window

IGNORED = -100
"""Marks a word without a label; the ignored target of PyTorch's losses."""


@dataclass(frozen=True)
class EncodedDocument:
    """A document in pieces with its labels, one array entry a word over all sentences, `IGNORED` or NaN where absent.

    `heads` counts from the document's first word.
    """

    pieces: list[Pieces]
    heads: NDArray[np.int64]
    relations: NDArray[np.int64]
    tags: NDArray[np.int64]
    salience: NDArray[np.float32]
    prominence: NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """B windows of T pieces and N words, padded; see `MultiTaskEncoder.forward` for the inputs.

    `sentences` [B, N] numbers each word's sentence, -1 for padding; the labels are [B, N], `prominence` is that of the
    word's sentence; `heads` are positions within the window.
    """

    piece_ids: Tensor
    word_starts: Tensor
    teacher_piece_ids: Tensor
    teacher_word_starts: Tensor
    sentences: Tensor
    heads: Tensor
    relations: Tensor
    tags: Tensor
    salience: Tensor
    prominence: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def encode_document(document: Document, encoder: PieceEncoder, relations: Sequence[str]) -> EncodedDocument:
    """Encode a document; relations that are not in the list count as their universal part, or as unlabelled."""
    sentence_words = [find_words(sentence) for sentence in document.sentences]
    words = [
        sentence[word.start : word.end]
        for sentence, found in zip(document.sentences, sentence_words, strict=True)
        for word in found
    ]
    lengths = [len(found) for found in sentence_words]
    firsts = np.cumsum([0, *lengths])
    absent = np.full(len(words), IGNORED, dtype=np.int64)
    heads, relation_ids, tags = absent, absent, absent
    if document.trees:
        heads = np.array(
            [first + head for first, tree in zip(firsts[:-1], document.trees, strict=True) for head in tree.heads]
        )
        relation_ids = np.array([_relation_id(name, relations) for tree in document.trees for name in tree.relations])
        tags = np.array([_tag_id(tag) for tree in document.trees for tag in tree.tags])
    salience = word_salience(words, document.references) if document.references else [np.nan] * len(words)
    prominence = document.prominence or [np.nan] * len(lengths)
    return EncodedDocument(
        encoder.encode(document.sentences, sentence_words),
        heads,
        relation_ids,
        tags,
        np.array(salience, dtype=np.float32),
        np.repeat(np.array(prominence, dtype=np.float32), lengths),
    )


def _relation_id(name: str, relations: Sequence[str]) -> int:
    for candidate in (name, name.partition(":")[0]):
        if candidate in relations:
            return relations.index(candidate)
    return IGNORED


def _tag_id(tag: str) -> int:
    return TAGS.index(tag) if tag in TAGS else IGNORED


@dataclass(frozen=True)
class Example:
    """A window with its labels (one array a task, one entry a word) and the same words as the teacher reads them."""

    window: Window
    teacher_window: Window
    labels: dict[str, NDArray[np.generic]]


def examples_of(
    student: EncodedDocument,
    teacher: EncodedDocument,
    encoders: tuple[PieceEncoder, PieceEncoder],
    capacity: int,
    most_examples: int | None = None,
) -> Iterator[Example]:
    """Cut a document into examples of at most `capacity` of the student's pieces.

    Args:
        student: the document in the student's pieces.
        teacher: the same document in the teacher's pieces, which may be others and fewer.
        encoders: the student's and the teacher's.
        capacity: pieces of a window.
        most_examples: take no more than this many, from the document's start.
    """
    sentence_firsts = np.cumsum([0, *(len(pieces.word_starts) for pieces in student.pieces)])
    groups = _sentence_groups([min(len(pieces), capacity - 2) for pieces in student.pieces], capacity - 2)
    for first, last in groups[:most_examples]:
        own = list(encoders[0].pack(student.pieces[first:last], capacity))
        others = list(encoders[1].pack(teacher.pieces[first:last], 512))
        if len(own) > 1 or len(others) > 1:
            continue  # one sentence longer than a window: too rare to teach anything
        words = slice(sentence_firsts[first], sentence_firsts[last])
        labels: dict[str, NDArray[np.generic]] = {
            name: getattr(student, name)[words] for name in ("heads", "relations", "tags", "salience", "prominence")
        }
        labels["heads"] = np.where(labels["heads"] == IGNORED, IGNORED, labels["heads"] - words.start)
        yield Example(own[0], others[0], labels)


def _sentence_groups(lengths: Sequence[int], room: int) -> list[tuple[int, int]]:
    """Find runs `[first, last)` of sentences whose lengths add up to at most `room`."""
    groups, first, filled = [], 0, 0
    for index, length in enumerate(lengths):
        if filled + length > room:
            groups.append((first, index))
            first, filled = index, 0
        filled += length
    if first < len(lengths):
        groups.append((first, len(lengths)))
    return groups


def make_batches(examples: Iterable[Example], pieces_per_batch: int, shuffle: Random) -> list[Batch]:
    """Batch examples of similar length, so that little is padding, in random order."""
    ordered = sorted(examples, key=lambda example: (len(example.window.piece_ids), shuffle.random()))
    groups: list[list[Example]] = [[]]
    for example in ordered:
        if groups[-1] and (len(groups[-1]) + 1) * len(example.window.piece_ids) > pieces_per_batch:
            groups.append([])
        groups[-1].append(example)
    batches = [_collate(group) for group in groups if group]
    shuffle.shuffle(batches)
    return batches


def _collate(group: Sequence[Example]) -> Batch:
    def pad(arrays: Iterable[NDArray[np.generic]], value: float) -> Tensor:
        rows = list(arrays)
        width = max(len(row) for row in rows)
        return torch.from_numpy(np.stack([np.pad(row, (0, width - len(row)), constant_values=value) for row in rows]))

    return Batch(
        pad((example.window.piece_ids for example in group), PAD_PIECE_ID),
        pad((example.window.word_starts for example in group), 0),
        pad((example.teacher_window.piece_ids for example in group), PAD_PIECE_ID),
        pad((example.teacher_window.word_starts for example in group), 0),
        pad((example.window.sentences for example in group), -1),
        *(pad((example.labels[name] for example in group), IGNORED) for name in ("heads", "relations", "tags")),
        *(pad((example.labels[name] for example in group), np.nan) for name in ("salience", "prominence")),
    )
