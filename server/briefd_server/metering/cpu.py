"""Processor time of calls, from that of the whole process.

The kernel counts a process's time, not a call's. While one call runs, all of it is that call's; while n run, each gets
an n-th, which is its share of worker time. A clock that runs at 1/n of the process's speed gives every call its sum as
one difference, whatever came and went meanwhile.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.metering.usage import Usage


class CpuProbe:
    """Shares the process's processor time among the calls that run; `clock` gives that time in seconds."""

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._running_count = 0
        self._last_seconds = 0.0
        self._share_seconds = 0.0

    def begin(self) -> CpuGauge:
        """Start counting for one more call."""
        return CpuGauge(self, self.advance(1))

    def advance(self, change: int = 0) -> float:
        """Bring the shared clock up to now, then change how many calls share it; returns what it shows, in seconds."""
        with self._lock:
            now_seconds = self._clock()
            if self._running_count:
                self._share_seconds += (now_seconds - self._last_seconds) / self._running_count
            self._last_seconds = now_seconds
            self._running_count += change
            return self._share_seconds


class CpuGauge:
    """One call's share."""

    def __init__(self, probe: CpuProbe, start_seconds: float) -> None:
        self._probe = probe
        self._start_seconds = start_seconds

    def read(self, usage: Usage) -> None:
        """Fill in the processor time."""
        usage.cpu_seconds = self._probe.advance() - self._start_seconds

    def close(self) -> None:
        """Leave the time to the others."""
        self._probe.advance(-1)
