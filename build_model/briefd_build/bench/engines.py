"""Engines that run ONNX graphs, side by side: each row is a graph of a bundle under one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from briefd_server.heap import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[Any]]
    # Runs the step of that number with these inputs; returns all outputs.
    Run = Callable[[int, Arrays], Arrays]


@dataclass(frozen=True)
class Step:
    """A run of the graph that is timed.

    Attributes:
        name: what is read, as the table's heading has it.
        feeds: inputs by name, those apart that are carried.
        carried: inputs that are outputs of the step before, by name: a language model's cache.
    """

    name: str
    feeds: Arrays
    carried: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """What engines are given: the graph of a form of a bundle, and what to run it on.

    Attributes:
        form: "float32" or the variant's name.
        graph: the ONNX file.
        steps: in their order; the same names for every form.
        work: directory for files that an engine makes.
    """

    form: str
    graph: Path
    steps: tuple[Step, ...]
    work: Path


class Engine(Protocol):
    """Something that runs ONNX graphs; sent to other processes, as rows are."""

    @property
    def name(self) -> str:
        """The name in the table."""

    @property
    def note(self) -> str:
        """The settings that a reader must know."""

    def prepare(self, case: Case) -> None:
        """Import the engine's libraries and make the files that `open` reads; raises `AbsentError`."""

    def open(self, case: Case, thread_count: int) -> Run:
        """Load the graph, to run on that many threads; raises `AbsentError`."""


@dataclass(frozen=True)
class GraphRow:
    """Implements `Row`: a graph under an engine."""

    engine: Engine
    case: Case

    @property
    def name(self) -> str:
        """See `Row`."""
        return f"{self.engine.name} {self.case.form}"

    @property
    def note(self) -> str:
        """See `Row`."""
        return self.engine.note

    def prepare(self) -> None:
        """See `Row`."""
        self.engine.prepare(self.case)

    def load(self, thread_count: int) -> LoadedGraph:
        """See `Row`; what `prepare` left is used, libraries are imported already when the time begins."""
        self.engine.prepare(self.case)
        started = time.perf_counter()
        loaded = LoadedGraph(self.engine.open(self.case, thread_count), self.case.steps, started)
        give_back_memory()
        return loaded


class LoadedGraph:
    """A graph in memory that has run each step once.

    Args:
        run: the graph.
        steps: what it is run on.
        started: when loading began, by `time.perf_counter`.
    """

    def __init__(self, run: Run, steps: tuple[Step, ...], started: float) -> None:
        self._run = run
        self._feeds: list[Arrays] = []
        self._outputs: list[Arrays] = []
        for number, step in enumerate(steps):
            carried = {name: self._outputs[-1][output] for name, output in step.carried.items()}
            self._feeds.append({**step.feeds, **carried})
            self._outputs.append(run(number, self._feeds[-1]))
        self._load_seconds = time.perf_counter() - started

    def load_seconds(self) -> float:
        """Tell how long it took from the file to the first outputs of every step."""
        return self._load_seconds

    def outputs(self) -> list[Arrays]:
        """Give every step's outputs."""
        return self._outputs

    def time(self, number: int, count: int) -> list[float]:
        """Run a step this many times after a first time that doesn't count; returns seconds."""
        feeds = self._feeds[number]
        self._run(number, feeds)
        seconds = []
        for _ in range(count):
            started = time.perf_counter()
            self._run(number, feeds)
            seconds.append(time.perf_counter() - started)
        return seconds
