"""Salience: whether words that human summaries mention score above those that they don't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_build.corpora.documents import word_salience

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from briefd_build.corpora.documents import Document
    from briefd_server.engines.extractive.engine import ExtractiveEngine


def salience_auc(engine: ExtractiveEngine, documents: Iterable[Document]) -> float:
    """Area under the curve over all words of the documents; positive is the share of references that hold a word."""
    scores, shares = [], []
    for document in documents:
        if document.references:
            readings = engine.read_document(document.sentences)
            scores.append(np.concatenate([reading.salience for reading in readings]))
            shares.append(word_salience([word for reading in readings for word in reading.words], document.references))
    return fractional_auc(np.concatenate(scores), np.concatenate(shares))


def fractional_auc(scores: NDArray[np.floating], shares: NDArray[np.floating]) -> float:
    """Probability that a positive outscores a negative, ties counting half.

    Args:
        scores: [n]
        shares: [n], each item counts as `share` of a positive and `1 - share` of a negative.
    """
    _, ranks = np.unique(scores, return_inverse=True)
    positives = np.bincount(ranks, weights=shares)
    negatives = np.bincount(ranks, weights=1 - shares)
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))
