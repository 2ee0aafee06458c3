"""What a run comes to: its last stage against the baseline and against PyTorch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from briefd_build.reporting import quantities
from briefd_build.reporting.measures import P50, Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.pipeline.results import Interval, RunRecord, Score, StageResult


def baseline_of(record: RunRecord) -> StageResult:
    """Return the stage that the others are compared with."""
    return next(stage for stage in record.stages if stage.name == record.baseline)


def interleaved_ratio(stages: Sequence[StageResult]) -> float | None:
    """Chain the ratios of each stage's time to that of the stage before it, which ran turn about with it.

    The noise of the machine between two stages' measurements cancels, as it does not where the first and the last time
    are divided.

    Args:
        stages: in order; the ratio is the last one's time to the first one's.

    Returns:
        The product of the ratios; None where one is lacking.

    """
    ratios = [quantities.ratio(stage.cost.p50_ms, stage.cost.previous_p50_ms) for stage in stages[1:]]
    known = [each for each in ratios if each is not None]
    return math.prod(known) if len(known) == len(ratios) else None


def ratio_to_baseline(record: RunRecord, stage: StageResult, measure: Measure) -> float | None:
    """Divide a stage's cost by the baseline's; of the time, the interleaved ratio where there is one."""
    baseline = baseline_of(record)
    if measure is P50:
        names = [each.name for each in record.stages]
        first, last = names.index(baseline.name), names.index(stage.name)
        if first <= last and (chained := interleaved_ratio(record.stages[first : last + 1])) is not None:
            return chained
    return quantities.ratio(measure.of(stage.cost), measure.of(baseline.cost))


def ratio_to_pytorch(record: RunRecord, measure: Measure) -> float | None:
    """Divide the last stage's cost by that of the baseline in PyTorch; of the time, in rounds where both took turns."""
    pytorch = record.pytorch
    if measure is P50 and pytorch is not None and pytorch.previous_p50_ms is not None:
        return quantities.ratio(pytorch.previous_p50_ms, pytorch.p50_ms)
    return quantities.ratio(measure.of(record.stages[-1].cost), measure.of(pytorch))


def gate_title(name: str) -> str:
    """Name a gate for people: `size_ratio` is `size ratio`, `points.accuracy` is `accuracy points`.

    `floors.accuracy` is `accuracy, at least`.
    """
    family, _, metric = name.rpartition(".")
    written = f"{metric}, at least" if family == "floors" else " ".join(filter(None, (metric, family)))
    return written.replace("_", " ")


def leading(record: RunRecord) -> Score | None:
    """Return the metric that the gates are about."""
    return record.metrics[0] if record.metrics else None


def known_quality(stage: StageResult, score: Score) -> Interval | None:
    """Return a stage's value of a metric; None where there is none."""
    interval = stage.quality.get(score.name)
    return interval if interval is not None and quantities.is_known(interval.value) else None


def points_gained(record: RunRecord, stage: StageResult, score: Score) -> float | None:
    """Return how many points of a metric a stage has more than the baseline; negative where it lost some."""
    now, before = known_quality(stage, score), known_quality(baseline_of(record), score)
    return None if now is None or before is None else (now.value - before.value) / score.points


def pareto_front(points: Sequence[tuple[float, float]]) -> list[int]:
    """Find the points that no other one beats: none is as far left and as high, and further in one of the two.

    Args:
        points: what each costs (less is better) and how good it is (more is better).

    Returns:
        Their indices, from left to right.

    """
    front: list[int] = []
    for index in sorted(range(len(points)), key=lambda each: (points[each][0], -points[each][1])):
        is_better = not front or points[index][1] > points[front[-1]][1]
        if is_better or points[index] == points[front[-1]]:
            front.append(index)
    return front
