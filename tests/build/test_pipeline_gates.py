"""Gates on single metrics: how many points of each may be lost, and what each must reach."""

from __future__ import annotations

import math

import pytest
from run_records import make_cost, make_record, make_stage

from briefd_build.errors import BuildError
from briefd_build.pipeline.gates import check_gates, describe_failure
from briefd_build.pipeline.parsing import build
from briefd_build.pipeline.recipe import Gates
from briefd_build.pipeline.results import Interval

QUANTIZED = {"rouge_l": Interval(0.29, 0.28, 0.3), "within_length": Interval(97, 96, 98)}
RECORD = make_record(baseline="source", stages=[make_stage("source", 0.31), make_stage("quantize", quality=QUANTIZED)])


@pytest.mark.parametrize(
    ("metric", "allowed", "found", "passes"),
    [
        ("rouge_l", 2.5, 2.0, True),  # 0.02 of a metric up to 1 are 2 points
        ("rouge_l", 1.5, 2.0, False),
        ("within_length", 1.5, 1.5, True),  # of one in percent a point is 1
        ("within_length", 1, 1.5, False),
    ],
)
def test_points_of_a_metric(metric: str, allowed: float, found: float, passes: bool) -> None:
    (gate,) = check_gates(Gates(points={metric: allowed}), RECORD)
    assert (gate.name, gate.allowed, gate.passes) == (f"points.{metric}", allowed, passes)
    assert gate.found == pytest.approx(found)


@pytest.mark.parametrize(("least", "passes"), [(96.5, True), (97, True), (97.5, False), (0, True)])
def test_a_floor_is_of_the_metric_itself(least: float, passes: bool) -> None:
    (gate,) = check_gates(Gates(floors={"within_length": least}), RECORD)
    assert (gate.name, gate.allowed, gate.found, gate.passes) == ("floors.within_length", least, 97, passes)
    assert describe_failure(gate).endswith(f"97 was found, and {least:g} is asked for at least")


@pytest.mark.parametrize("family", ["points", "floors"])
def test_a_metric_that_was_not_measured_fails(family: str) -> None:
    (gate,) = check_gates(Gates(**{family: {"accuracy": 1.0}}), RECORD)
    assert not gate.passes
    assert math.isnan(gate.found)
    assert "could not be measured" in describe_failure(gate)


def test_the_latency_next_to_pytorch_is_of_rounds_in_which_the_two_took_turns() -> None:
    record = make_record(pytorch=make_cost(p50_ms=400.0, previous_p50_ms=80.0))
    (gate,) = check_gates(Gates(pytorch_latency_ratio=0.19), record)
    assert not gate.passes
    assert gate.found == pytest.approx(0.2)


@pytest.mark.parametrize("value", [-1, "much", True, math.inf])
@pytest.mark.parametrize("family", ["points", "floors"])
def test_points_and_floors_are_numbers(family: str, value: object) -> None:
    with pytest.raises(BuildError, match=rf"{family}.rouge_l must be a number"):
        build(Gates, {family: {"rouge_l": value}}, "gates")
