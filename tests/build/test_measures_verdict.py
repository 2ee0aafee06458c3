"""Whether a stage pays, by what was measured before and after it."""

from __future__ import annotations

from typing import Any

import pytest
from run_records import make_cost

from briefd_build.measures.verdict import verdict
from briefd_build.pipeline.results import Cost, Interval, Score, StageResult

WORD_F1 = Score("word_f1", "word F1")
PERCENT = Score("accuracy", "accuracy", is_percent=True)
LOST = Interval(-0.02, -0.031, -0.009)
GAINED = Interval(0.02, 0.005, 0.035)
SAME = Interval(-0.001, -0.01, 0.008)
NOTHING = "Neither saved time, memory or bytes nor gained quality, beyond noise."
BEFORE: dict[str, Any] = {
    "file_bytes": 1_000_000,
    "compressed_bytes": 900_000,
    "parameters": 250_000,
    "nonzeros": 250_000,
    "macs": 5_000_000,
    "rss_bytes": 100_000_000,
    "p50_ms": 10.0,
    "cpu_seconds": 0.010,
    "previous_p50_ms": None,
}


def cost(**changes: Any) -> Cost:
    return make_cost(**{**BEFORE, "previous_p50_ms": 10.0, **changes})


def result(measured: Cost) -> StageResult:
    return StageResult("any", "any", {}, "", "", measured, {}, 1.0, 0.0, "", "")


def judge(after: Cost, change: Interval | None, metric: Score = WORD_F1) -> str:
    return verdict(result(make_cost(**BEFORE)), result(after), metric, change)


def test_nothing_is_said_of_the_first() -> None:
    assert verdict(None, result(cost()), WORD_F1, None) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"p50_ms": 9.6, "cpu_seconds": 0.0096},
        {"file_bytes": 998_000},
        {"rss_bytes": 97_000_000},
        {"p50_ms": 9.0, "cpu_seconds": 0.009, "file_bytes": 2_000_000},
    ],
)
@pytest.mark.parametrize("change", [LOST, SAME, GAINED, None])
def test_what_saves_time_bytes_or_memory_pays(changes: dict[str, Any], change: Interval | None) -> None:
    assert judge(cost(**changes), change) == ""


def test_what_gains_quality_pays_whatever_it_takes() -> None:
    assert judge(cost(p50_ms=20.0, file_bytes=2_000_000), GAINED) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"p50_ms": 9.75, "cpu_seconds": 0.009},
        # The processor did as much: the wall's clock was disturbed.
        {"p50_ms": 8.0, "cpu_seconds": 0.0101},
        {"p50_ms": 12.0},
        {"file_bytes": 999_500},
        {"rss_bytes": 98_500_000},
        {"rss_bytes": None},
        {"compressed_bytes": 1},
        {"p50_ms": 5.0, "previous_p50_ms": None},
        # Slower than the row before says, as fast as it in the same rounds.
        {"p50_ms": 8.0, "previous_p50_ms": 8.0, "cpu_seconds": 0.008},
    ],
)
def test_what_saves_nothing_beyond_noise_does_not_pay(changes: dict[str, Any]) -> None:
    assert judge(cost(**changes), SAME) == NOTHING
    assert judge(cost(**changes), None) == NOTHING
    assert judge(cost(**changes), LOST) == ("Lost 2.0 points of word F1 (0.9 to 3.1); saved no time, memory or bytes.")


def test_points_of_a_percentage_are_its_own_unit() -> None:
    assert judge(cost(), Interval(-2.0, -3.0, -1.0), PERCENT).startswith("Lost 2.0 points of accuracy (1.0 to 3.0);")


ZEROS = (
    "10.0% of the weights became zeros, and zeros are stored and multiplied like any other weight: no speed, no bytes; "
)


@pytest.mark.parametrize("p50_ms", [10.0, 9.0])
def test_zeros_alone_give_no_speed_whatever_the_clock_says(p50_ms: float) -> None:
    after = cost(nonzeros=225_000, compressed_bytes=846_000, p50_ms=p50_ms)
    assert judge(after, SAME) == f"{ZEROS}only compressed bytes fall by 6%."
    assert judge(after, LOST) == f"Lost 2.0 points of word F1 (0.9 to 3.1). {ZEROS}only compressed bytes fall by 6%."


def test_zeros_that_do_not_even_compress_are_told_so() -> None:
    after = cost(nonzeros=225_000, compressed_bytes=900_100)
    assert judge(after, SAME) == f"{ZEROS}not even compressed bytes fall."


@pytest.mark.parametrize(
    "changes",
    [
        {"file_bytes": 300_000},
        {"parameters": 225_000, "file_bytes": 900_000},
        {"macs": 4_000_000, "p50_ms": 9.0, "cpu_seconds": 0.009},
    ],
)
def test_zeros_beside_a_saving_are_not_zeros_alone(changes: dict[str, Any]) -> None:
    assert judge(cost(nonzeros=225_000, **changes), LOST) == ""
