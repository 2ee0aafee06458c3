"""A running call: the hand of the daemon in the engine's work, and what that work costs."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

from briefd_server.engines.base import CallStopped, Stage
from briefd_server.metering.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from briefd_server.engines.base import AnyTask
    from briefd_server.metering.base import Gauge, Meter

ResultT = TypeVar("ResultT")


class Call(Generic[ResultT]):
    """One call from its arrival on. Implements `CallContext` for the engine.

    The loop's thread makes it, may stop it and may read its usage at any time; one worker's thread works on it.
    Times are monotonic, in seconds, of `clock`.
    """

    def __init__(
        self,
        task: AnyTask[ResultT],
        form: str,
        *,
        meter: Meter,
        emit: Callable[[str], None],
        deadline_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.task = task
        self.form = form
        self.deadline_seconds = deadline_seconds
        self.model_threads: int | None = None
        self._emit = emit
        self._meter = meter
        self._clock = clock
        self._arrival_seconds = clock()
        self._begin_seconds: float | None = None
        self._gauge: Gauge | None = None
        self._stage_seconds = dict.fromkeys(Stage, 0.0)
        self._open_stage: tuple[Stage, float] | None = None
        self._is_stopped = False
        self._stop_callbacks: list[Callable[[], None]] = []
        self.checkpoint_count = 0
        # Guards the stop callbacks, and the gauge between a reading and its end.
        self._lock = threading.Lock()

    @property
    def is_late(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline_seconds is not None and self._clock() >= self.deadline_seconds

    @property
    def age_seconds(self) -> float:
        """Time since the call arrived."""
        return self._clock() - self._arrival_seconds

    def stop(self) -> None:
        """Tell the work to stop, now or as soon as it begins. Does nothing the second time."""
        with self._lock:
            if not self._is_stopped:
                self._is_stopped = True
                for callback in self._stop_callbacks:
                    callback()

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure the work done inside; used once, by the worker."""
        self._begin_seconds = self._clock()
        self._gauge = gauge = self._meter.begin()
        try:
            yield
        finally:
            with self._lock:
                self._gauge = None
                gauge.close()

    def usage(self) -> Usage:
        """Read what the call used so far; after the work's end, its times only."""
        age_seconds = self.age_seconds
        usage = Usage(
            queue_seconds=age_seconds if self._begin_seconds is None else self._begin_seconds - self._arrival_seconds,
            total_seconds=age_seconds,
            model_threads=self.model_threads,
        )
        if self._begin_seconds is not None:
            usage.tokenize_seconds, usage.inference_seconds = map(self._seconds_in, (Stage.TOKENIZE, Stage.INFERENCE))
        with self._lock:
            if self._gauge:
                self._gauge.read(usage)
        return usage

    def checkpoint(self) -> None:
        """See `CallContext`; `checkpoint_count` tells those who watch that the work gets on."""
        self.checkpoint_count += 1
        if self._is_stopped or self.is_late:
            raise CallStopped

    @contextmanager
    def stage(self, stage: Stage) -> Iterator[None]:
        """See `CallContext`."""
        start_seconds = self._clock()
        self._open_stage = (stage, start_seconds)
        try:
            yield
        finally:
            self._open_stage = None
            self._stage_seconds[stage] += self._clock() - start_seconds

    @contextmanager
    def on_stop(self, callback: Callable[[], None]) -> Iterator[None]:
        """See `CallContext`."""
        with self._lock:
            if self._is_stopped:
                raise CallStopped
            self._stop_callbacks.append(callback)
        try:
            yield
        finally:
            with self._lock:
                self._stop_callbacks.remove(callback)

    def emit(self, chunk: str) -> None:
        """See `CallContext`."""
        self._emit(chunk)

    def _seconds_in(self, stage: Stage) -> float:
        open_stage = self._open_stage
        running = self._clock() - open_stage[1] if open_stage and open_stage[0] is stage else 0.0
        return self._stage_seconds[stage] + running
