"""What is loaded into a process of its own to be measured: it answers texts, and tells what each call took.

Nothing heavy is imported before `load`, which bounds the libraries' threads first, as the daemon does.
"""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_server.metering.base import Meter
from briefd_server.metering.cpu import CpuProbe
from briefd_server.metering.energy import CpuTimeEnergyProbe, default_watts_per_core
from briefd_server.metering.usage import Usage
from briefd_server.threads import bound_thread_pools

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.bundle import Bundle
    from briefd_server.metering.usage import Energy


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one call took; processor time and energy are those of the whole process."""

    wall_seconds: float
    cpu_seconds: float
    energy: Energy | None


@dataclass(frozen=True)
class ServedBundle:
    """A variant of the bundle in `directory`, to be loaded and run by the engine that serves it."""

    directory: Path
    variant: str

    def load(self, thread_count: int) -> MeteredModel:
        """Load it as the daemon does: files checked, and what loading alone needed given back to the system."""
        bound_thread_pools(os.environ)
        # Importing what every bundle needs is no part of loading this one.
        import briefd_server.engines.onnx_sessions  # noqa: F401, PLC0415
        from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise
        from briefd_server.heap import give_back_memory  # noqa: PLC0415 - likewise

        started = time.perf_counter()
        answer = load_answering(read_bundle(self.directory), self.variant, thread_count)
        load_seconds = time.perf_counter() - started
        give_back_memory()
        return MeteredModel(answer, load_seconds)


def load_answering(bundle: Bundle, variant: str, thread_count: int) -> Callable[[str], str]:
    """Load a variant of a bundle with the engine that serves it.

    Returns:
        What answers a text as the daemon would: with its most probable label, or a summary of the default length.

    Raises:
        BriefdError: the bundle can't be loaded.

    """
    from briefd_server.bundle import CLASSIFY  # noqa: PLC0415 - only where something is loaded
    from briefd_server.engines import load_classifier, load_summarizer  # noqa: PLC0415 - likewise
    from briefd_server.engines.base import Task, UnwatchedCall  # noqa: PLC0415 - likewise

    call = UnwatchedCall()
    if bundle.manifest.task == CLASSIFY:
        classifier = load_classifier(bundle, variant, thread_count)
        return lambda text: classifier.classify(text, call).labels[0].name
    engine = load_summarizer(bundle, variant, thread_count)
    return lambda text: engine.summarize(Task(text), call).text


class MeteredModel:
    """Answers texts with `answer`, metered by the daemon's own probes."""

    def __init__(self, answer: Callable[[str], object], load_seconds: float) -> None:
        self._answer = answer
        self._load_seconds = load_seconds
        self._meter = Meter([CpuProbe(), CpuTimeEnergyProbe(default_watts_per_core(platform.machine()))])

    def load_seconds(self) -> float:
        """Tell how long loading took."""
        return self._load_seconds

    def call(self, text: str, is_warmed: bool) -> CallCost:  # noqa: FBT001 - a request to another process
        """Answer a text; where `is_warmed`, after a first answer that doesn't count."""
        if is_warmed:
            self._answer(text)
        gauge = self._meter.begin()
        started = time.perf_counter()
        self._answer(text)
        wall_seconds = time.perf_counter() - started
        usage = Usage()
        gauge.read(usage)
        gauge.close()
        return CallCost(wall_seconds, usage.cpu_seconds or 0.0, usage.energy)
