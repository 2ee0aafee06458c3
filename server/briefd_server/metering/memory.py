"""Resident memory of the daemon, from `/proc/self`.

The peak is the kernel's own high-water mark (`VmHWM`), brought down to the present before each call by writing 5 to
`clear_refs` (man 5 proc). Where that is not permitted the peak is the highest reading taken.
"""

from __future__ import annotations

import os
import re
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from briefd_server.metering.usage import Usage

_HIGH_WATER = re.compile(rb"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


class MemoryProbe:
    """Reads resident memory; `proc` is where the kernel's process files are, `page_bytes` the size of a page."""

    def __init__(self, proc: str = "/proc", page_bytes: int | None = None) -> None:
        self._directory = f"{proc}/self"
        self._page_bytes = page_bytes or os.sysconf("SC_PAGE_SIZE")
        self._lock = threading.Lock()
        self._gauges: set[MemoryGauge] = set()

    def begin(self) -> MemoryGauge:
        """Start watching for one more call."""
        gauge = MemoryGauge(self)
        with self._lock:
            # Bringing the mark down would lose the peak of the calls that run: they take it first.
            for other in self._gauges:
                other.see(self.high_water_bytes())
            self._gauges.add(gauge)
            gauge.uses_high_water = self._lower_high_water()
            gauge.start()
        return gauge

    def end(self, gauge: MemoryGauge) -> None:
        """Stop watching for a call."""
        with self._lock:
            self._gauges.discard(gauge)

    def rss_bytes(self) -> int | None:
        """Read the resident memory of now."""
        fields = self._read("statm").split()
        return int(fields[1]) * self._page_bytes if len(fields) > 1 else None

    def high_water_bytes(self) -> int | None:
        """Read the highest resident memory since the mark was brought down."""
        match = _HIGH_WATER.search(self._read("status"))
        return int(match[1]) * 1024 if match else None

    def _lower_high_water(self) -> bool:
        try:
            with open(f"{self._directory}/clear_refs", "wb", buffering=0) as file:
                file.write(b"5")
        except OSError:
            return False
        return True

    def _read(self, name: str) -> bytes:
        try:
            with open(f"{self._directory}/{name}", "rb", buffering=0) as file:
                return file.read()
        except OSError:
            return b""


class MemoryGauge:
    """Resident memory while one call runs."""

    def __init__(self, probe: MemoryProbe) -> None:
        self.uses_high_water = False
        self._probe = probe
        self._start_bytes: int | None = None
        self._peak_bytes = 0

    def start(self) -> None:
        """Note the memory that the call starts with."""
        self._start_bytes = self._probe.rss_bytes()
        self.see(self._start_bytes)

    def see(self, rss_bytes: int | None) -> None:
        """Note a reading of the call's time."""
        self._peak_bytes = max(self._peak_bytes, rss_bytes or 0)

    def read(self, usage: Usage) -> None:
        """Fill in the memory at start, now and at its peak."""
        usage.rss_start_bytes = self._start_bytes
        usage.rss_end_bytes = self._probe.rss_bytes()
        self.see(usage.rss_end_bytes)
        if self.uses_high_water:
            self.see(self._probe.high_water_bytes())
        usage.rss_peak_bytes = self._peak_bytes or None

    def close(self) -> None:
        """Stop watching."""
        self._probe.end(self)
