"""What a model takes, as a list: reports of runs and comparisons go through the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.reporting import quantities

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_build.pipeline.results import Cost, Interval, Score


@dataclass(frozen=True)
class Measure:
    """Something that a model takes; less of it is better.

    Attributes:
        key: the field of `Cost`.
        title: for people.
        write: writes a value with its unit.
    """

    key: str
    title: str
    write: Callable[[float | None], str]

    def of(self, cost: Cost | None) -> float | None:
        """Return the value, None where it was not measured."""
        value = None if cost is None else getattr(cost, self.key)
        return value if quantities.is_known(value) else None

    def written(self, cost: Cost | None) -> str:
        """Return the value as people read it."""
        return self.write(self.of(cost))


FILE = Measure("file_bytes", "Files", quantities.size)
COMPRESSED = Measure("compressed_bytes", "Compressed", quantities.size)
PARAMETERS = Measure("parameters", "Parameters", quantities.count)
NONZEROS = Measure("nonzeros", "Non-zeros", quantities.count)
MACS = Measure("macs", "MACs a call", quantities.count)
BYTES_READ = Measure("bytes_read", "Read a call", quantities.size)
LOAD = Measure("load_seconds", "Load", quantities.seconds)
MEMORY = Measure("rss_bytes", "Memory", quantities.size)
PEAK_MEMORY = Measure("rss_peak_bytes", "Peak memory", quantities.size)
P50 = Measure("p50_ms", "p50", quantities.milliseconds)
P95 = Measure("p95_ms", "p95", quantities.milliseconds)
CPU = Measure("cpu_seconds", "CPU a call", quantities.seconds)
ENERGY = Measure("joules", "Energy a call", quantities.joules)

SIZES = (FILE, COMPRESSED, PARAMETERS, NONZEROS, MACS, BYTES_READ)
BEFORE_P50 = (LOAD, MEMORY, PEAK_MEMORY)
AFTER_P50 = (P95, CPU, ENERGY)
ALL = (*SIZES, *BEFORE_P50, P50, *AFTER_P50)


def energy_word(cost: Cost) -> str:
    """Say whether the energy was measured or estimated; empty where there is none."""
    if ENERGY.of(cost) is None:
        return ""
    return "measured" if cost.is_energy_measured else "estimated"


def energy_source(*costs: Cost) -> str:
    """Say whether energies were measured or estimated, and by what; empty where there are none."""
    sources = [": ".join(filter(None, (energy_word(cost), cost.energy_source))) for cost in costs if energy_word(cost)]
    return "; ".join(dict.fromkeys(sources))


def written_value(score: Score, value: float | None) -> str:
    """Write a value of a metric."""
    if not quantities.is_known(value):
        return quantities.MISSING
    return f"{value:.1f}\N{NO-BREAK SPACE}%" if score.is_percent else f"{value:.3f}"


def written_interval(score: Score, interval: Interval | None) -> str:
    """Write the 95 % interval of a metric, empty where there is none."""
    if interval is None or not (quantities.is_known(interval.low) and quantities.is_known(interval.high)):
        return ""
    decimals = 1 if score.is_percent else 3
    return f"{interval.low:.{decimals}f} to {interval.high:.{decimals}f}"
