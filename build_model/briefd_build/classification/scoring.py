"""What the serving engine says of the test's texts, and how well it knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_build.pipeline.results import Answer, Score
from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.engines import load_classifier
from briefd_server.engines.base import UnwatchedCall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from briefd_build.classification.data import LabelledSet
    from briefd_build.pipeline.model import Report

METRICS = (Score("accuracy", "Accuracy"), Score("macro_f1", "Macro F1"), Score("agreement", "Agreement with baseline"))
# Numbers of labels; a text that may not be shown has no other trace of its label.
_EXPECTED, _GIVEN = "expected", "given"


def answer_all(bundle: Path, thread_count: int, labelled: LabelledSet, report: Report) -> list[Answer]:
    """Let the serving engine classify the test's texts."""
    classifier = load_classifier(read_bundle(bundle), OPTIMIZED, thread_count)
    numbers = {name: number for number, name in enumerate(labelled.labels)}
    answers = []
    for done, each in enumerate(labelled.split.test):
        report("classifying", done / len(labelled.split.test))
        best = classifier.classify(each.text, UnwatchedCall()).labels[0]
        answers.append(
            Answer(
                text=each.text if labelled.may_be_shown else "",
                expected=(each.label,) if labelled.may_be_shown else (),
                given=best.name,
                scores={
                    _EXPECTED: float(numbers[each.label]),
                    _GIVEN: float(numbers[best.name]),
                    "probability": best.probability,
                },
            )
        )
    return answers


def score(answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
    """Accuracy, macro F1 and agreement with the baseline, 0 to 1 each.

    Macro F1 is the mean over the labels that occur among the right ones or the given ones.
    """
    expected, given, others = _numbers(answers, _EXPECTED), _numbers(answers, _GIVEN), _numbers(baseline, _GIVEN)
    return {
        "accuracy": float((expected == given).mean()),
        "macro_f1": float(np.mean([_f1(expected == label, given == label) for label in {*expected, *given}])),
        "agreement": float((given == others).mean()),
    }


def _numbers(answers: Sequence[Answer], key: str) -> NDArray[np.int64]:
    return np.array([each.scores[key] for each in answers], np.int64)


def _f1(expected: NDArray[np.bool_], given: NDArray[np.bool_]) -> float:
    """Harmonic mean of precision and recall; one of `expected` and `given` holds something."""
    return float(2 * (expected & given).sum() / (expected.sum() + given.sum()))
