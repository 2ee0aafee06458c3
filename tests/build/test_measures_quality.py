"""Intervals by bootstrap, against what statistics says they must be."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from briefd_build.errors import BuildError
from briefd_build.measures.quality import differences, find_disagreements, intervals, share_equal
from briefd_build.pipeline.results import Answer, Disagreement

if TYPE_CHECKING:
    from collections.abc import Sequence


def answers(values: Sequence[float], given: str = "") -> list[Answer]:
    return [Answer("", (), given or str(value), {"mark": value}) for value in values]


def score(ours: Sequence[Answer], theirs: Sequence[Answer]) -> dict[str, float]:
    values = [answer.scores["mark"] for answer in ours]
    metrics = {"mark": sum(values) / len(values), "agreement": share_equal(ours, theirs)}
    return {**metrics, "rare": 1.0} if 1.0 in values else metrics


def test_the_interval_of_a_mean_is_two_standard_errors_wide() -> None:
    values = np.random.default_rng(3).normal(0.5, 0.1, 400).tolist()
    found = intervals(score, answers(values), answers(values), seed=1)["mark"]
    error = float(np.std(values)) / math.sqrt(len(values))
    assert found.value == pytest.approx(np.mean(values))
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.2 * error)


def test_equal_seeds_give_equal_intervals_and_others_do_not() -> None:
    given = answers(np.random.default_rng(3).random(50).tolist())
    assert intervals(score, given, given, 1, 50) == intervals(score, given, given, 1, 50)
    assert intervals(score, given, given, 1, 50) != intervals(score, given, given, 2, 50)


def test_a_baseline_is_drawn_with_its_own_answers() -> None:
    given = answers([0.0, 0.2, 0.4, 0.6])
    agreement = intervals(score, given, given, 1, 50)["agreement"]
    assert (agreement.value, agreement.low, agreement.high) == (1.0, 1.0, 1.0)


def test_a_metric_that_a_draw_lacks_is_bounded_by_the_others() -> None:
    found = intervals(score, answers([0.0] * 9 + [1.0]), answers([0.0] * 10), 1, 100)["rare"]
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_a_paired_difference_is_surer_than_either_value() -> None:
    hard = np.random.default_rng(5).random(300)
    before, after = answers(hard.tolist()), answers((hard - 0.01).tolist())
    found = differences(score, after, before, seed=1, resamples=200)
    assert found["mark"].value == pytest.approx(-0.01)
    assert found["mark"].low == pytest.approx(-0.01)
    assert found["mark"].high == pytest.approx(-0.01)
    assert found["agreement"].value == -1.0
    alone = intervals(score, after, before, seed=1, resamples=200)["mark"]
    assert alone.high - alone.low > 0.05


def test_the_share_of_equal_answers() -> None:
    assert share_equal(answers([0.1, 0.2, 0.3, 0.4]), answers([0.1, 0.2, 0.3, 0.5])) == 0.75


def test_disagreements_are_of_texts_that_may_be_shown() -> None:
    ours = [
        Answer("a", ("x", "y"), "old"),
        Answer("b", (), "old"),
        Answer("", (), "old"),
        Answer("d" * 9000, (), "old"),
    ]
    theirs = [
        Answer(each.text, each.expected, given) for each, given in zip(ours, ("new", "old", "new", "new"), strict=True)
    ]
    shown, cut = find_disagreements(ours, theirs)
    assert shown == Disagreement("a", "x | y", "old", "new")
    assert len(cut.text) < 9000
    assert cut.text.endswith("…")


@pytest.mark.parametrize("count", [3, 20, 21, 100, 110])
def test_disagreements_are_20_at_most_from_all_over(count: int) -> None:
    ours = [Answer(str(number), (), "old") for number in range(count)]
    theirs = [Answer(each.text, (), "new") for each in ours]
    places = [int(each.text) for each in find_disagreements(ours, theirs)]
    assert min(count, 10) <= len(places) <= 20
    assert len({after - before for before, after in pairwise(places)}) == 1
    assert places[-1] >= count - count / len(places)


@pytest.mark.parametrize(("ours", "theirs", "reason"), [([], [], "no texts"), ([0.1], [0.1, 0.2], "1 answers .* 2 of")])
def test_answers_that_do_not_pair_are_refused(ours: list[float], theirs: list[float], reason: str) -> None:
    with pytest.raises(BuildError, match=reason):
        intervals(lambda *_: {}, answers(ours), answers(theirs), 1)
    with pytest.raises(BuildError, match=reason):
        differences(lambda *_: {}, answers(ours), answers(theirs), 1)
    with pytest.raises(BuildError, match=reason):
        share_equal(answers(ours), answers(theirs))
