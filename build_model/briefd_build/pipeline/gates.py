"""Gates: the most that a recipe allows its last stage to lose, weigh, take and burn, and what it must reach."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from briefd_build.pipeline.recipe import FLOORS, POINTS
from briefd_build.pipeline.results import GateResult
from briefd_build.reporting import measures, quantities
from briefd_build.reporting.findings import (
    baseline_of,
    known_quality,
    leading,
    points_gained,
    ratio_to_baseline,
    ratio_to_pytorch,
)

if TYPE_CHECKING:
    from briefd_build.pipeline.recipe import Gates
    from briefd_build.pipeline.results import RunRecord, Score

_RATIOS = {
    "size_ratio": measures.FILE,
    "latency_ratio": measures.P50,
    "memory_ratio": measures.MEMORY,
    "energy_ratio": measures.ENERGY,
}


def check_gates(gates: Gates, record: RunRecord) -> list[GateResult]:
    """Compare what the last stage came to with what is allowed.

    Of the latencies, the ratio is that of stages which were measured turn about, chained from the baseline on. A gate
    on something that could not be measured fails; NaN is found.

    Args:
        gates: of the recipe.
        record: of the run, whose own gates are not looked at.

    """
    return [_check(name, allowed, _find(name, record)) for name, allowed in gates.given().items()]


def describe_failure(gate: GateResult) -> str:
    """Say in one line what a gate that fails found and allowed."""
    asked = "asked for at least" if gate.name.startswith(FLOORS) else "allowed at most"
    found = "it could not be measured here" if math.isnan(gate.found) else f"{gate.found:,.7g} was found"
    return f"gate {gate.name} fails: {found}, and {gate.allowed:,.12g} is {asked}"


def _check(name: str, allowed: float, found: float | None) -> GateResult:
    if not quantities.is_known(found):
        return GateResult(name, allowed, math.nan, passes=False)
    passes = found >= allowed if name.startswith(FLOORS) else found <= allowed
    return GateResult(name, allowed, found, passes)


def _find(name: str, record: RunRecord) -> float | None:
    last = record.stages[-1]
    if name == "size_bytes":
        return last.cost.file_bytes
    if name == "quality_loss":
        return _quality_loss(record)
    if name == "quality_points":
        return _points_lost(record, leading(record))
    if name.startswith((FLOORS, POINTS)):
        return _find_of_metric(name, record)
    if name == "pytorch_latency_ratio":
        return ratio_to_pytorch(record, measures.P50)
    return ratio_to_baseline(record, last, _RATIOS[name])


def _find_of_metric(name: str, record: RunRecord) -> float | None:
    metric = name.removeprefix(FLOORS).removeprefix(POINTS)
    score = next((each for each in record.metrics if each.name == metric), None)
    if name.startswith(POINTS):
        return _points_lost(record, score)
    reached = score and known_quality(record.stages[-1], score)
    return reached.value if reached else None


def _points_lost(record: RunRecord, score: Score | None) -> float | None:
    gained = points_gained(record, record.stages[-1], score) if score else None
    return None if gained is None else -gained


def _quality_loss(record: RunRecord) -> float | None:
    """Share of the baseline's leading metric that is lost; negative where there is more of it."""
    score = leading(record)
    now, before = (score and known_quality(each, score) for each in (record.stages[-1], baseline_of(record)))
    if not now or not before:
        return None
    lost = before.value - now.value
    return lost / before.value if before.value else max(lost, 0.0)
