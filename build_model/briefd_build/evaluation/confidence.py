"""Whether an answer's confidence tells how often no needed word was cut, by gold trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_build.evaluation.answers import kept_words, summarize
from briefd_build.evaluation.gold_trees import judge, judged_sentences
from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.wilson import Share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_server.engines.base import Engine

HIGH = 0.9
_BINS = 10


def measure_confidence(engine: Engine, trees: Iterable[ParsedSentence]) -> Outcome:
    """Compare the confidence of answers with what the gold trees say: the sentences are those of `gold_trees`."""
    examples = tuple(_example(engine, str(number), tree) for number, tree in enumerate(judged_sentences(trees)))
    stated = [example for example in examples if example.notes["confidence"] is not None]
    figures: dict[str, Share | float] = {"confidence stated": Share(len(stated), len(examples))}
    if stated:
        confidences = [float(example.notes["confidence"]) for example in stated]
        high = [example for example in stated if example.notes["confidence"] >= HIGH]
        figures[f"at {HIGH} or more"] = Share(len(high), len(stated))
        figures[f"no needed word cut, at {HIGH} or more"] = Share.of(not example.faults for example in high)
        figures["calibration error"] = calibration_error(confidences, [not example.faults for example in stated])
    return Outcome(dict(figures), examples)


def calibration_error(confidences: Sequence[float], truths: Sequence[bool], bins: int = _BINS) -> float:
    """Give the expected calibration error, 0 to 1, over bins of equally many answers (Nguyen and O'Connor 2015).

    Args:
        confidences: from 0 to 1, one an answer, one at least.
        truths: whether each answer was right.
        bins: how many; of fewer answers each is a bin.
    """
    order = np.argsort(confidences, kind="stable")
    sure, right = np.asarray(confidences, float)[order], np.asarray(truths, float)[order]
    parts = zip(np.array_split(sure, bins), np.array_split(right, bins), strict=True)
    return float(sum(abs(part.sum() - truth.sum()) for part, truth in parts) / len(order))


def _example(engine: Engine, number: str, tree: ParsedSentence) -> Example:
    summary = summarize(engine, tree.text)
    needed = judge(tree, kept_words(tree.text, summary)).needed
    notes = {"confidence": getattr(summary, "confidence", None), "needed": [tree.words[word] for word in needed]}
    return Example(number, tree.text, summary.text, ("needed",) if needed else (), notes)
