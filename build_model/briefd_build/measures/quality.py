"""How sure a metric is: bootstrap over the texts, of values and of differences; and where two models answer apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.errors import BuildError
from briefd_build.pipeline.results import Disagreement, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_build.pipeline.results import Answer

    ScoreAnswers = Callable[[Sequence[Answer], Sequence[Answer]], dict[str, float]]
    """Metrics of answers, given another model's answers to the same texts for the agreement."""

RESAMPLES = 1000
_BOUNDS = (2.5, 97.5)
_MOST_EXAMPLES, _EXAMPLE_CHARACTERS = 20, 2000


def intervals(
    score: ScoreAnswers, answers: Sequence[Answer], baseline: Sequence[Answer], seed: int, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """Give each metric with its 95 % interval: texts are drawn again with replacement (Efron's percentile bootstrap).

    Args:
        score: sums answers up.
        answers: of the model, one a text.
        baseline: of the baseline, to the same texts in the same order.
        seed: of the drawing: equal seeds draw equal texts.
        resamples: how often.

    Raises:
        BuildError: there are no texts, or not as many answers as of the baseline.
    """
    samples = [score(answers, baseline)]
    samples += [
        score([answers[place] for place in places], [baseline[place] for place in places])
        for places in _draw(answers, baseline, seed, resamples)
    ]
    return _bound(samples)


def differences(
    score: ScoreAnswers, answers: Sequence[Answer], reference: Sequence[Answer], seed: int, resamples: int = RESAMPLES
) -> dict[str, Interval]:
    """Give for each metric by how much answers are above a reference's, with the 95 % interval of that difference.

    Both are drawn together: what makes a text hard or easy for both cancels. Arguments and errors are those of
    `intervals`; the agreement of both is told against the reference.
    """

    def difference(places: Sequence[int]) -> dict[str, float]:
        before = [reference[place] for place in places]
        base = score(before, before)
        return {
            name: value - base[name]
            for name, value in score([answers[place] for place in places], before).items()
            if name in base
        }

    draws = _draw(answers, reference, seed, resamples)
    return _bound([difference(range(len(answers))), *map(difference, draws)])


def share_equal(answers: Sequence[Answer], baseline: Sequence[Answer]) -> float:
    """Tell the share of texts to which both give the same answer, 0 to 1.

    Raises:
        BuildError: there are no texts, or not as many answers as of the baseline.
    """
    _check(answers, baseline)
    return sum(ours.given == theirs.given for ours, theirs in zip(answers, baseline, strict=True)) / len(answers)


def find_disagreements(baseline: Sequence[Answer], optimized: Sequence[Answer]) -> list[Disagreement]:
    """Choose texts that may be shown and were answered otherwise, 20 at most and evenly over all of them."""
    found = [
        Disagreement(_shortened(old.text), " | ".join(old.expected), old.given, new.given)
        for old, new in zip(baseline, optimized, strict=True)
        if old.text and old.given != new.given
    ]
    step = max(1, math.ceil(len(found) / _MOST_EXAMPLES))
    return found[::step]


def _draw(answers: Sequence[Answer], baseline: Sequence[Answer], seed: int, resamples: int) -> Iterator[list[int]]:
    _check(answers, baseline)
    chance = np.random.default_rng(seed)
    for _ in range(resamples):
        yield chance.integers(len(answers), size=len(answers)).tolist()


def _check(answers: Sequence[Answer], baseline: Sequence[Answer]) -> None:
    if not answers:
        raise BuildError("there are no texts to measure quality on; name evaluation sets that are not empty")
    if len(answers) != len(baseline):
        raise BuildError(
            f"{len(answers)} answers can't be compared with {len(baseline)} of the baseline; "
            "let both answer the same texts"
        )


def _bound(samples: Sequence[dict[str, float]]) -> dict[str, Interval]:
    """Bound the metrics of the first sample, which is the whole set, by those of the others.

    A metric that only some texts have can be missing in a draw, which then says nothing of it.
    """
    found = {}
    for name, value in samples[0].items():
        drawn = [sample[name] for sample in samples[1:] if name in sample] or [value]
        low, high = np.percentile(drawn, _BOUNDS)
        found[name] = Interval(value, float(low), float(high))
    return found


def _shortened(text: str) -> str:
    return text if len(text) <= _EXAMPLE_CHARACTERS else f"{text[:_EXAMPLE_CHARACTERS]}…"
