"""Attachment scores: how much of the grammar the encoder reads rightly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from briefd_build.corpora.documents import Document
    from briefd_server.engines.extractive.engine import ExtractiveEngine


@dataclass(frozen=True)
class AttachmentScores:
    """Shares of words, in percent, as in Zeman et al. 2018, "CoNLL 2018 Shared Task".

    Attributes:
        word_count: words that were scored.
        unlabelled: with the right head.
        labelled: with the right head and universal relation.
        labelled_with_subtypes: with the right head and relation, subtype included.
    """

    word_count: int
    unlabelled: float
    labelled: float
    labelled_with_subtypes: float


def score_attachment(engine: ExtractiveEngine, documents: Iterable[Document]) -> AttachmentScores:
    """Score an engine's trees on gold sentences of treebank documents."""
    words = heads = universal = full = 0
    for document in documents:
        for tree, reading in zip(document.trees, engine.read_document(document.sentences), strict=True):
            words += len(tree.words)
            for gold_head, head, gold, relation in zip(
                tree.heads, reading.heads, tree.relations, reading.relations, strict=True
            ):
                right = gold_head == head
                heads += right
                universal += right and gold.split(":")[0] == relation.split(":")[0]
                full += right and gold == relation
    return AttachmentScores(words, 100 * heads / words, 100 * universal / words, 100 * full / words)
