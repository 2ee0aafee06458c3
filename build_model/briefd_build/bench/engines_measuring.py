"""Engines take turns on a bundle's graphs, and each one's outputs are compared with ONNX Runtime's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from briefd_build.bench.child import Entrant
from briefd_build.bench.turns import Absence, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.bench.engines import Arrays, GraphRow

# Runs of a step in one turn. With 10 rounds a p95 is then of 50 times.
_RUNS_A_TURN = 5


@dataclass
class EngineMeasurement:
    """What was measured of a graph under an engine.

    Attributes:
        load_seconds: from the file to the first outputs of every step, what an engine compiles included; its libraries
            are imported already.
        difference: the largest difference of an output from what the reference engine gives for the same graph; None
            where that engine is absent.
        samples_ms: by step, the times of all its runs.
    """

    name: str
    note: str
    thread_count: int
    load_seconds: float
    rss_bytes: int | None
    rss_peak_bytes: int | None
    difference: float | None
    samples_ms: dict[str, list[float]] = field(default_factory=dict)

    def percentile_ms(self, step: str, percent: float) -> float:
        """Give a percentile of a step's times, in milliseconds."""
        return float(np.percentile(self.samples_ms[step], percent))


@dataclass(frozen=True)
class EnginesOutcome:
    """Everything that was measured, in the rows' order, and what could not be."""

    measurements: list[EngineMeasurement]
    absences: list[Absence]


def measure_engines(
    rows: Sequence[GraphRow], reference: str, thread_count: int, rounds: int, report: Callable[[str], None]
) -> EnginesOutcome:
    """Let the rows take turns.

    Args:
        rows: graphs under engines.
        reference: name of the engine whose outputs the others' are compared with.
        thread_count: for each of them.
        rounds: turns of each.
        report: told what is being done.

    """
    turns: Turns[GraphRow, _GraphEntrant] = Turns(_GraphEntrant, report)
    try:
        turns.start(rows, [thread_count])
        turns.go_round(_GraphEntrant.take_turn, rounds)
        turns.take(_GraphEntrant.read_outputs)
        expected = {each.graph_row.case.form: each.outputs for each in turns.entrants if each.engine == reference}
        measurements: list[EngineMeasurement] = []
        turns.take(lambda entrant: measurements.append(entrant.sum_up(expected.get(entrant.graph_row.case.form))))
        return EnginesOutcome(measurements, turns.absences)
    finally:
        turns.close()


class _GraphEntrant(Entrant):
    """A graph under an engine in a process of its own."""

    def __init__(self, row: GraphRow, thread_count: int) -> None:
        super().__init__(row, thread_count)
        self.graph_row = row
        self.engine = row.engine.name
        self.outputs: list[Arrays] = []
        self._samples_ms: dict[str, list[float]] = {step.name: [] for step in row.case.steps}

    def take_turn(self) -> None:
        for number, samples_ms in enumerate(self._samples_ms.values()):
            seconds = cast("list[float]", self.ask("time", number, _RUNS_A_TURN))
            samples_ms.extend(1e3 * each for each in seconds)

    def read_outputs(self) -> None:
        self.outputs = cast("list[Arrays]", self.ask("outputs"))

    def sum_up(self, expected: list[Arrays] | None) -> EngineMeasurement:
        memory = self.memory()
        return EngineMeasurement(
            self.row.name,
            self.row.note,
            self.thread_count,
            cast("float", self.ask("load_seconds")),
            memory.rss_bytes,
            memory.rss_peak_bytes,
            None if expected is None else largest_difference(self.outputs, expected),
            self._samples_ms,
        )


def largest_difference(outputs: Sequence[Arrays], expected: Sequence[Arrays]) -> float:
    """Find the largest difference between outputs of the same name that are no whole numbers."""
    differences = []
    for given, wanted in zip(outputs, expected, strict=True):
        for name, array in wanted.items():
            if np.issubdtype(array.dtype, np.floating):
                differs = given[name] != array
                differences.append(np.abs(given[name][differs] - array[differs]))
    return max((float(each.max()) for each in differences if each.size), default=0.0)
