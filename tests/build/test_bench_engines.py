"""Engines side by side: rows that take turns in real processes, with engines that only add and one that is absent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from briefd_build.bench.contender import AbsentError, import_peer
from briefd_build.bench.engines import Case, GraphRow, LoadedGraph, Step
from briefd_build.bench.engines_measuring import EnginesOutcome, largest_difference, measure_engines
from briefd_build.bench.engines_onnx import OnnxRuntimeProvider
from briefd_build.bench.turns import Absence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

STEPS = (
    Step("prompt", {"tokens": np.array([1.0, 2.0], np.float32), "cache": np.zeros(0, np.float32)}, {}),
    Step("one token", {"tokens": np.array([3.0], np.float32)}, {"cache": "written"}),
)


@dataclass(frozen=True)
class AddingEngine:
    """Remembers tokens in the cache and gives their sum, a little wrong."""

    name: str
    error: float = 0.0
    note: str = "adds"

    def prepare(self, case: Case) -> None:
        pass

    def open(self, case: Case, thread_count: int) -> Any:
        def run(number: int, feeds: Mapping[str, NDArray[Any]]) -> Mapping[str, NDArray[Any]]:
            written = np.concatenate([feeds["cache"], feeds["tokens"]])
            return {"sum": written.sum(keepdims=True) + np.float32(self.error), "written": written}

        return run


@dataclass(frozen=True)
class AbsentEngine:
    name: str
    note: str = "never seen"

    def prepare(self, case: Case) -> None:
        import_peer("no_such_engine", self.name)

    def open(self, case: Case, thread_count: int) -> Any:
        pytest.fail("it is absent")


def row(engine: Any, form: str = "float32") -> GraphRow:
    return GraphRow(engine, Case(form, Path("no.onnx"), STEPS, Path()))


@pytest.fixture(scope="module")
def outcome() -> EnginesOutcome:
    rows = [
        row(AddingEngine("exact")),
        row(AddingEngine("inexact", error=0.5)),
        row(AbsentEngine("absent")),
        row(AddingEngine("inexact", error=0.5), "int8"),
    ]
    return measure_engines(rows, "exact", 1, 2, lambda _: None)


def test_every_step_is_timed_in_every_round(outcome: EnginesOutcome) -> None:
    assert [one.name for one in outcome.measurements] == ["exact float32", "inexact float32", "inexact int8"]
    for one in outcome.measurements:
        assert {step: len(samples) for step, samples in one.samples_ms.items()} == {"prompt": 10, "one token": 10}
        assert 0 < one.percentile_ms("prompt", 50) <= one.percentile_ms("prompt", 95)
        assert one.load_seconds > 0
        assert one.rss_bytes
        assert one.rss_bytes > 5_000_000


def test_outputs_are_compared_with_the_references_for_the_same_graph(outcome: EnginesOutcome) -> None:
    assert [one.difference for one in outcome.measurements] == [0.0, 0.5, None]


def test_an_absent_engine_is_named_with_what_installs_it(outcome: EnginesOutcome) -> None:
    assert outcome.absences == [
        Absence("absent float32", "absent is not installed (pip install 'briefd[bench]')"),
    ]


def test_a_step_goes_on_with_what_the_one_before_left() -> None:
    loaded = LoadedGraph(AddingEngine("exact").open(row(AddingEngine("exact")).case, 1), STEPS, started=0.0)
    assert [float(outputs["sum"][0]) for outputs in loaded.outputs()] == [3.0, 6.0]
    assert len(loaded.time(1, 4)) == 4


def test_whole_numbers_and_equal_infinities_make_no_difference() -> None:
    ours = [{"ids": np.array([1]), "scores": np.array([-np.inf, 1.0, 2.0])}]
    theirs = [{"ids": np.array([7]), "scores": np.array([-np.inf, 1.25, 2.0])}]
    assert largest_difference(ours, theirs) == 0.25
    assert largest_difference(ours, ours) == 0.0


def test_an_accelerator_that_is_not_there_is_told_with_its_package() -> None:
    engine = OnnxRuntimeProvider("ONNX Runtime X", "NoSuchExecutionProvider")
    with pytest.raises(AbsentError, match=r"has no NoSuchExecutionProvider \(pip install onnxruntime-gpu\)"):
        engine.prepare(row(engine).case)
