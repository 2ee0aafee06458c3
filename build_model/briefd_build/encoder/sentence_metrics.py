"""How good a summarizer's sentences are, as the metrics of a recipe: see `briefd_build.evaluation` for each measure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from briefd_build.evaluation.cases import measure_cases, read_cases
from briefd_build.evaluation.choice import is_choosable, is_nearest
from briefd_build.evaluation.gold_trees import measure_gold_trees
from briefd_build.evaluation.reversals import measure_reversals, read_reversals
from briefd_build.pipeline.results import Answer, Score

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_build.corpora.documents import Document
    from briefd_build.evaluation.outcome import Outcome
    from briefd_server.engines.base import Engine, Summary

_FAULTLESS, _NEEDED, _REVERSALS = "gold_tree_faultless", "gold_tree_needed_kept", "reversals_avoided_or_kept"
_CASES, _NEAREST = "cases_listed", "nearest_sentence"

SENTENCE_METRICS = (
    Score(_FAULTLESS, "answers without a fault by gold trees, %", is_percent=True),
    Score(_NEEDED, "answers that keep what is needed by gold trees, %", is_percent=True),
    Score(_REVERSALS, "statements neither reversed nor stripped, %", is_percent=True),
    Score(_CASES, "cases answered as listed, %", is_percent=True),
    Score(_NEAREST, "answers from the sentence nearest to human summaries, %", is_percent=True),
)
"""The leading one first; one that no text has is left out of a result."""


@dataclass(frozen=True)
class SentenceTexts:
    """Gold sentences, and the language of the project's own texts."""

    trees: Sequence[ParsedSentence]
    language: str

    def answer(self, engine: Engine) -> list[Answer]:
        """Answer gold sentences, cases and reversals."""
        return [
            *_answers(measure_gold_trees(engine, self.trees), {_FAULTLESS: None, _NEEDED: "needed"}),
            *_answers(measure_cases(engine, read_cases(self.language)), {_CASES: None}),
            *_answers(measure_reversals(engine, read_reversals(self.language)), {_REVERSALS: None}),
        ]


def is_apart(answer: Answer) -> bool:
    """Whether an answer is to one of `SentenceTexts`, which counts for no other metric."""
    return not {_FAULTLESS, _CASES, _REVERSALS}.isdisjoint(answer.scores)


def choice_scores(document: Document, summary: Summary) -> dict[str, float]:
    """Score the choice of a document's sentence; nothing where people did not say which is the best."""
    return {_NEAREST: float(is_nearest(document, summary))} if is_choosable(document) else {}


def score_sentences(answers: Sequence[Answer]) -> dict[str, float]:
    """Give the shares in percent, each over the answers that have it."""
    scores = {}
    for metric in SENTENCE_METRICS:
        if values := [answer.scores[metric.name] for answer in answers if metric.name in answer.scores]:
            scores[metric.name] = 100 * fmean(values)
    return scores


def _answers(outcome: Outcome, faults: dict[str, str | None]) -> Iterable[Answer]:
    """Make answers of examples: a metric is 1 where its fault, or any where it names none, is absent."""
    for example in outcome.examples:
        scores = {
            metric: float(fault not in example.faults if fault else not example.faults)
            for metric, fault in faults.items()
        }
        yield Answer(example.text, (), example.given, scores)
