"""Metrics of summaries: against references by words and by meaning, against the asked length, against the baseline."""

from __future__ import annotations

from functools import cache
from statistics import fmean
from typing import TYPE_CHECKING

from rouge_score.rouge_scorer import RougeScorer

from briefd_build.evaluation.compression import word_f1
from briefd_build.measures.quality import share_equal
from briefd_build.pipeline.results import Answer, Score
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.measures.embedding import Embedder
    from briefd_server.engines.base import Task

_ROUGES = ("rouge1", "rouge2", "rougeL")
_AGREEMENT = "agreement"

SUMMARY_METRICS = (
    Score("word_f1", "word F1"),
    Score("rouge1", "ROUGE-1"),
    Score("rouge2", "ROUGE-2"),
    Score("rougeL", "ROUGE-L"),
    Score("embedding_similarity", "embedding similarity"),
    Score("within_length", "within the length"),
    Score(_AGREEMENT, "agreement with the baseline"),
)
"""All from 0 to 1, the leading one first; one that no text has is left out of a result."""


def answer_summary(task: Task, references: Sequence[str], given: str, embedder: Embedder) -> Answer:
    """Score a summary of a text that may be shown.

    Args:
        task: the text, and the asked length; a text that has fewer words itself is not scored by its summary's length.
        references: human summaries; scores are means over them, and are left out where there are none.
        given: the summary.
        embedder: for the embedding similarity, which is left out where it tells none.
    """
    scores = {}
    if references:
        scores["word_f1"] = fmean(word_f1(reference, given) for reference in references)
        rouges = [_rouge().score(reference, given) for reference in references]
        scores |= {name: fmean(each[name].fmeasure for each in rouges) for name in _ROUGES}
        if similarities := embedder.similarities(references, given):
            scores["embedding_similarity"] = fmean(similarities)
    if count_words(task.text) >= task.min_word_count:
        scores["within_length"] = float(task.min_word_count <= count_words(given) <= task.max_word_count)
    return Answer(task.text, tuple(references), given, scores)


def score_summaries(answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
    """Give the means of the scores, each over the answers that have it, and the agreement with the baseline."""
    metrics = {}
    for metric in SUMMARY_METRICS:
        if values := [answer.scores[metric.name] for answer in answers if metric.name in answer.scores]:
            metrics[metric.name] = sum(values) / len(values)
    return {**metrics, _AGREEMENT: share_equal(answers, baseline)}


@cache
def _rouge() -> RougeScorer:
    return RougeScorer(_ROUGES, use_stemmer=True)
