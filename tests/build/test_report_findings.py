"""What a run comes to, in figures and in words."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_records import make_cost, make_record, make_stage

from briefd_build.pipeline.results import GateResult
from briefd_build.reporting.findings import (
    gate_title,
    interleaved_ratio,
    leading,
    pareto_front,
    points_gained,
    ratio_to_baseline,
    ratio_to_pytorch,
)
from briefd_build.reporting.headline import headline, tiles
from briefd_build.reporting.measures import FILE, P50

POINTS = st.lists(st.tuples(st.integers(0, 6).map(float), st.integers(0, 6).map(float)), max_size=12)


def _beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one != other and one[0] <= other[0] and one[1] >= other[1]


@given(POINTS)
def test_the_front_is_what_no_other_point_beats(points: list[tuple[float, float]]) -> None:
    unbeaten = {index for index, point in enumerate(points) if not any(_beats(other, point) for other in points)}
    front = pareto_front(points)
    assert set(front) == unbeaten
    assert [points[index][0] for index in front] == sorted(points[index][0] for index in front)


def test_ratios_of_time_are_chained_from_interleaved_ones() -> None:
    record = make_record()
    chained = (182.9 / 182.4) * (161.0 / 183.5) * (71.3 / 160.2)
    assert interleaved_ratio(record.stages) == pytest.approx(chained)
    assert ratio_to_baseline(record, record.stages[-1], P50) == pytest.approx(chained)
    assert ratio_to_baseline(record, record.stages[-1], FILE) == pytest.approx(61.0 / 281.6)


def test_without_interleaved_ratios_the_times_are_divided() -> None:
    stages = [make_stage("source"), make_stage("quantize", cost=make_cost(p50_ms=91.0))]
    record = make_record(stages=stages)
    assert interleaved_ratio(stages) is None
    assert ratio_to_baseline(record, stages[-1], P50) == 0.5


def test_the_ratio_to_pytorch_is_of_rounds_in_which_the_two_took_turns() -> None:
    record = make_record()
    assert ratio_to_pytorch(record, P50) == pytest.approx(71.3 / 402.0)
    in_turns = dataclasses.replace(record, pytorch=make_cost(p50_ms=400.0, previous_p50_ms=80.0))
    assert ratio_to_pytorch(in_turns, P50) == pytest.approx(0.2)
    assert ratio_to_pytorch(in_turns, FILE) == pytest.approx(61.0 / 281.6)
    assert ratio_to_pytorch(dataclasses.replace(record, pytorch=None), P50) is None
    (time,) = (tile for tile in tiles(in_turns) if tile.title == "Time of a call, p50")
    assert time.against_pytorch == "\u221280\xa0%"


def test_a_stage_before_the_baseline_is_compared_with_it_too() -> None:
    record = make_record(baseline="low-rank")
    assert ratio_to_baseline(record, record.stages[0], P50) == pytest.approx(182.0 / 161.0)
    assert ratio_to_baseline(record, record.stages[3], P50) == pytest.approx(71.3 / 160.2)


def test_points_of_a_metric_are_in_its_own_unit() -> None:
    record = make_record()
    score = leading(record)
    assert score is not None
    assert points_gained(record, record.stages[-1], score) == pytest.approx(-1.5)


def test_gates_are_named_for_people() -> None:
    names = ("size_ratio", "quality_points", "points.accuracy", "floors.macro_f1")
    assert [*map(gate_title, names)] == ["size ratio", "quality points", "accuracy points", "macro f1, at least"]


def test_the_headline_says_what_was_bought_and_what_it_cost() -> None:
    text = "\n".join(headline(make_record())).replace("\N{NO-BREAK SPACE}", " ")
    assert "Against its baseline, source, the bundle is 78 % smaller and 2.55 times as fast" in text
    assert "takes 64 % less memory and 62 % less energy a call (estimated)" in text
    assert "ROUGE-L goes from 0.310 to 0.295 (95 % interval 0.282 to 0.307), −1.5 points" in text
    assert "69.0 % of its answers are the baseline's" in text
    assert "Against the baseline run by PyTorch it is 78 % smaller and 5.64 times as fast" in text
    assert "1 stage did not pay: prune-unstructured." in text
    assert "1 of 4 gates fails: latency ratio." in text


def test_the_headline_says_what_became_worse() -> None:
    worse = make_cost(file_bytes=2 * make_cost().file_bytes, p50_ms=4 * 182.0, rss_bytes=396_000_000 * 5 // 4)
    text = " ".join(headline(make_record(stages=[make_stage("source"), make_stage("grown", cost=worse)])))
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "is 100 % larger and 3 times slower, and takes 25 % more memory and as much energy" in text


def test_the_headline_of_one_stage_compares_with_nothing() -> None:
    record = make_record(stages=[make_stage("source")], pytorch=None, gates=[], metrics=[])
    assert headline(record) == ["The last stage is the baseline itself, source: there is nothing to compare it with."]
    assert [tile.against_baseline for tile in tiles(record)] == ["", "", "", ""]


def test_all_gates_that_pass_are_one_sentence() -> None:
    gates = [GateResult("size_ratio", 0.5, 0.2, passes=True)]
    assert "The gate passes." in headline(make_record(gates=gates))
    assert "All 2 gates pass." in headline(make_record(gates=gates * 2))


def test_measured_energy_is_called_measured() -> None:
    record = make_record()
    last = record.stages[-1]
    measured = dataclasses.replace(last.cost, is_energy_measured=True, energy_source="RAPL")
    record = make_record(stages=[*record.stages[:-1], dataclasses.replace(last, cost=measured)])
    assert "energy a call (measured)" in headline(record)[0]
