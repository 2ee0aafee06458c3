"""Turns: in what order models are called, how often, and with which texts."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import pytest

from briefd_build.measures.aside import CallFigures, percentile_ms, sum_up, warn_if_starved
from briefd_build.measures.metered import CallCost, MeteredModel
from briefd_build.measures.turns import Plan, plan, spread, take_turns
from briefd_server.metering.usage import Energy

if TYPE_CHECKING:
    from briefd_build.bench.child import Process


class FakeProcess:
    """Takes as long as it is told, and logs its calls."""

    def __init__(self, name: str, seconds: float, log: list[tuple[str, str, bool]]) -> None:
        self.name, self.seconds, self.log = name, seconds, log

    def ask(self, method: str, *arguments: Any) -> CallCost:
        assert method == "call"
        self.log.append((self.name, *arguments))
        return CallCost(self.seconds, self.seconds / 2, None)


@pytest.mark.parametrize(
    ("call_seconds", "text_count", "expected"),
    [
        # Fast: all texts, as often as tells something.
        ([0.004, 0.008], 40, Plan(40, 15, (True, True))),
        ([0.05, 0.05], 40, Plan(40, 7, (True, True))),
        # Calls of 0.3 s each warm themselves.
        ([0.3, 0.3], 40, Plan(20, 5, (False, False))),
        ([0.3], 30, Plan(30, 6, (False,))),
        # A fast model beside a slow one does not.
        ([0.4, 0.02], 40, Plan(27, 5, (False, True))),
        # However slow: five rounds of five texts.
        ([5.0, 5.0], 40, Plan(5, 5, (False, False))),
        ([5.0, 5.0], 3, Plan(3, 5, (False, False))),
        ([0.001], 1, Plan(1, 15, (True,))),
    ],
)
def test_turns_take_a_minute_at_most_but_the_least_that_tells(
    call_seconds: list[float], text_count: int, expected: Plan
) -> None:
    assert plan(call_seconds, text_count) == expected


def test_texts_are_chosen_evenly_by_their_length() -> None:
    texts = ["x" * length for length in (9, 1, 5, 3, 7)]
    assert [len(text) for text in spread(texts, 5)] == [1, 3, 5, 7, 9]
    assert [len(text) for text in spread(texts, 1)] == [5]
    assert [len(text) for text in spread(texts, 2)] == [3, 7]


def test_models_alternate_and_neither_always_follows_the_other() -> None:
    log: list[tuple[str, str, bool]] = []
    models = cast("list[Process]", [FakeProcess("A", 0.001, log), FakeProcess("B", 0.002, log)])
    shares: list[float] = []
    ours, theirs = take_turns(models, ["aaaa", "bb"], shares.append)
    assert log[:4] == [("A", "bb", False), ("A", "aaaa", False), ("B", "bb", False), ("B", "aaaa", False)]
    turns = log[4:]
    assert turns[:8] == [(*each, True) for each in (
        ("A", "bb"), ("B", "bb"), ("B", "aaaa"), ("A", "aaaa"), ("B", "bb"), ("A", "bb"), ("A", "aaaa"), ("B", "aaaa"),
    )]  # fmt: skip
    assert len(ours) == len(theirs) == len(turns) / 2 == 30
    assert {cost.wall_seconds for cost in ours} == {0.001}
    assert {cost.wall_seconds for cost in theirs} == {0.002}
    assert all(before < after for before, after in pairwise(shares))
    assert shares[-1] == 1


def test_only_a_fast_model_is_warmed_in_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("briefd_build.measures.turns._TIMING_SECONDS", 1.0)
    log: list[tuple[str, str, bool]] = []
    take_turns(
        cast("list[Process]", [FakeProcess("slow", 0.5, log), FakeProcess("fast", 0.01, log)]), ["a"], lambda _: None
    )
    assert set(log[2:]) == {("slow", "a", False), ("fast", "a", True)}


def test_a_call_is_metered_after_one_that_does_not_count() -> None:
    texts: list[str] = []
    model = MeteredModel(texts.append, 0.5)
    assert model.load_seconds() == 0.5
    cost = model.call("text", is_warmed=True)
    assert texts == ["text", "text"]
    model.call("text", is_warmed=False)
    assert texts == ["text"] * 3
    assert cost.wall_seconds > 0
    assert cost.cpu_seconds > 0
    assert cost.energy is not None
    assert not cost.energy.is_measured
    assert cost.energy.joules == pytest.approx(cost.cpu_seconds * 2.76, rel=0.8)


@pytest.mark.parametrize(
    ("p50_ms", "cpu_seconds", "is_starved"), [(10, 0.010, False), (6, 0.010, False), (16, 0.010, True)]
)
def test_calls_that_wait_for_a_processor_are_told_of(
    p50_ms: float, cpu_seconds: float, is_starved: bool, caplog: pytest.LogCaptureFixture
) -> None:
    warn_if_starved(CallFigures(p50_ms, p50_ms, cpu_seconds, None, False, ""))
    assert ("other programs keep this machine busy" in caplog.text) == is_starved


def energy(joules: float, *, is_measured: bool) -> Energy:
    return Energy(joules, is_measured, "meter" if is_measured else "model", 1.0)


def test_calls_are_summed_up() -> None:
    costs = [CallCost(wall / 1e3, wall / 2e3, energy(wall, is_measured=True)) for wall in (1.0, 2.0, 3.0, 10.0)]
    figures = sum_up(costs)
    assert (figures.p50_ms, figures.p95_ms) == pytest.approx((2.5, 8.95))
    assert percentile_ms(costs, 100) == pytest.approx(10)
    assert figures.cpu_seconds == pytest.approx(0.002)
    assert (figures.joules, figures.is_energy_measured, figures.energy_source) == (4.0, True, "meter")


def test_energy_is_measured_only_where_every_call_was() -> None:
    measured, estimated = (CallCost(1, 1, energy(1.0, is_measured=each)) for each in (True, False))
    assert not sum_up([measured, estimated]).is_energy_measured
    unknown = sum_up([measured, CallCost(1, 1, None)])
    assert (unknown.joules, unknown.is_energy_measured, unknown.energy_source) == (None, False, "")
