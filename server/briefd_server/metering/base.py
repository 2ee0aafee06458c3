"""The seam of a probe: one file beside this one for everything that can be measured of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.metering.usage import Usage


class Gauge(Protocol):
    """A probe at work on one call. Used by several threads, one at a time."""

    def read(self, usage: Usage) -> None:
        """Fill in what this gauge measures, from the start of the call's work to now; leave out what it cannot tell.

        Gauges read in the order of their probes, so that one may build on what those before it filled in.
        """

    def close(self) -> None:
        """Stop measuring this call."""


class Probe(Protocol):
    """Measures one thing of a call."""

    def begin(self) -> Gauge:
        """Start measuring a call whose work begins now. Safe to use from several threads at once."""


class Meter:
    """All probes as one, in order."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = tuple(probes)

    def begin(self) -> Gauge:
        """Start measuring a call with every probe."""
        return _Gauges([probe.begin() for probe in self._probes])


class _Gauges:
    def __init__(self, gauges: list[Gauge]) -> None:
        self._gauges = gauges

    def read(self, usage: Usage) -> None:
        for gauge in self._gauges:
            gauge.read(usage)

    def close(self) -> None:
        for gauge in self._gauges:
            gauge.close()
