"""What was done since the start, and how long the calls of the last minutes took."""

from __future__ import annotations

import math
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_server.metering.usage import Usage

WINDOW_SECONDS = 300.0
# Bounds memory to about 0.5 MB; a daemon that answers more in five minutes looks back less far, and says so.
_MAX_CALLS = 4096


@dataclass(slots=True)
class Totals:
    """Sums over the daemon's life. Readings that were never taken stay None."""

    call_count_by_outcome: Counter[str] = field(default_factory=Counter)
    words_read: int = 0
    words_written: int = 0
    cpu_seconds: float | None = None
    energy_joules: float | None = None
    co2e_grams: float | None = None

    def add_answer(self, words_read: int, words_written: int, usage: Usage) -> None:
        """Add a call that was answered."""
        self.words_read += words_read
        self.words_written += words_written
        self.cpu_seconds = _sum(self.cpu_seconds, usage.cpu_seconds)
        self.energy_joules = _sum(self.energy_joules, usage.energy.joules if usage.energy else None)
        self.co2e_grams = _sum(self.co2e_grams, usage.carbon.co2e_grams if usage.carbon else None)


def _sum(total: float | None, reading: float | None) -> float | None:
    return total if reading is None else (total or 0.0) + reading


@dataclass(frozen=True, slots=True)
class LatencyFigures:
    """Median and 95th percentile of the service times of the last `window_seconds`, in seconds."""

    window_seconds: float
    call_count: int
    p50_seconds: float
    p95_seconds: float


class LatencyWindow:
    """Service times of the last five minutes, in bounded memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls: deque[tuple[float, float]] = deque(maxlen=_MAX_CALLS)

    def add(self, seconds: float) -> None:
        """Add a call that ends now."""
        self._calls.append((self._clock(), seconds))

    def figures(self) -> LatencyFigures | None:
        """Compute the figures of now; none before the first call of the window."""
        now = self._clock()
        is_full = len(self._calls) == _MAX_CALLS
        while self._calls and self._calls[0][0] < now - WINDOW_SECONDS:
            self._calls.popleft()
            is_full = False
        if not self._calls:
            return None
        ordered = sorted(seconds for _, seconds in self._calls)
        window_seconds = now - self._calls[0][0] if is_full else WINDOW_SECONDS
        return LatencyFigures(window_seconds, len(ordered), percentile(ordered, 50), percentile(ordered, 95))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Give the smallest value that at least `percent` of the values do not exceed (the nearest-rank percentile)."""
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


@dataclass(slots=True)
class Ledger:
    """What was done: sums over the daemon's life, and the service times of the last minutes."""

    totals: Totals = field(default_factory=Totals)
    latency: LatencyWindow = field(default_factory=LatencyWindow)
