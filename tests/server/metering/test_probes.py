"""Probes: exact numbers from small stand-ins for the kernel's files and clocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefd_server.metering.base import Meter
from briefd_server.metering.carbon import WORLD_GRID, CarbonProbe, Grid
from briefd_server.metering.cpu import CpuProbe
from briefd_server.metering.energy import CpuTimeEnergyProbe, default_watts_per_core
from briefd_server.metering.memory import MemoryProbe
from briefd_server.metering.usage import Usage


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def cpu_seconds(gauge: object) -> float | None:
    usage = Usage()
    gauge.read(usage)  # type: ignore[attr-defined]
    return usage.cpu_seconds


def test_a_lone_call_gets_all_processor_time() -> None:
    clock = Clock()
    gauge = CpuProbe(clock).begin()
    clock.seconds += 2
    assert cpu_seconds(gauge) == 2
    clock.seconds += 1
    assert cpu_seconds(gauge) == 3


def test_calls_share_processor_time_while_they_overlap() -> None:
    clock = Clock()
    probe = CpuProbe(clock)
    first = probe.begin()
    clock.seconds += 1  # first alone
    second = probe.begin()
    clock.seconds += 4  # both
    assert (cpu_seconds(first), cpu_seconds(second)) == (3, 2)
    first.close()
    clock.seconds += 5  # second alone
    assert cpu_seconds(second) == 7
    second.close()


def test_idle_processor_time_is_nobodys() -> None:
    clock = Clock()
    probe = CpuProbe(clock)
    probe.begin().close()
    clock.seconds += 50
    gauge = probe.begin()
    clock.seconds += 1
    assert cpu_seconds(gauge) == 1


class Proc:
    """A `/proc` with a resident set that tests set; page size 4096 bytes."""

    def __init__(self, root: Path, *, can_lower: bool = True) -> None:
        self.root = root
        self.directory = root / "self"
        self.directory.mkdir()
        if can_lower:
            (self.directory / "clear_refs").touch()
        self.set(pages=0, peak_kb=0)

    def set(self, pages: int, peak_kb: int) -> None:
        (self.directory / "statm").write_text(f"9999 {pages} 12 1 0 345 0\n")
        (self.directory / "status").write_text(
            f"Name:\tbriefd\nVmPeak:\t  777 kB\nVmHWM:\t  {peak_kb} kB\nVmRSS:\t 1 kB\n"
        )

    def probe(self) -> MemoryProbe:
        return MemoryProbe(str(self.root), page_bytes=4096)


def memory(gauge: object) -> tuple[int | None, int | None, int | None]:
    usage = Usage()
    gauge.read(usage)  # type: ignore[attr-defined]
    return usage.rss_start_bytes, usage.rss_end_bytes, usage.rss_peak_bytes


def test_memory_at_start_end_and_peak(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    proc.set(pages=10, peak_kb=50)
    gauge = proc.probe().begin()
    assert (tmp_path / "self" / "clear_refs").read_text() == "5"
    proc.set(pages=12, peak_kb=80)
    assert memory(gauge) == (10 * 4096, 12 * 4096, 80 * 1024)


def test_a_new_call_does_not_lose_the_peak_of_the_one_that_runs(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    probe = proc.probe()
    first = probe.begin()
    proc.set(pages=10, peak_kb=800)
    second = probe.begin()
    proc.set(pages=10, peak_kb=90)
    assert memory(first)[2] == 800 * 1024
    assert memory(second)[2] == 90 * 1024


def test_without_permission_the_peak_is_the_highest_reading(tmp_path: Path) -> None:
    proc = Proc(tmp_path, can_lower=False)
    (tmp_path / "self" / "clear_refs").mkdir()
    proc.set(pages=10, peak_kb=9999)
    gauge = proc.probe().begin()
    proc.set(pages=20, peak_kb=9999)
    memory(gauge)
    proc.set(pages=15, peak_kb=9999)
    assert memory(gauge) == (10 * 4096, 15 * 4096, 20 * 4096)


def test_memory_that_cannot_be_read_is_absent(tmp_path: Path) -> None:
    assert memory(MemoryProbe(str(tmp_path)).begin()) == (None, None, None)


def test_memory_of_this_process() -> None:
    start, end, peak = memory(MemoryProbe().begin())
    assert start is not None
    assert end is not None
    assert peak is not None
    assert peak >= max(start, end) > 1 << 20


def test_energy_and_carbon_follow_from_processor_time() -> None:
    cpu, wall = Clock(), Clock()
    meter = Meter([CpuProbe(cpu), CpuTimeEnergyProbe(3.0, wall), CarbonProbe(Grid(500.0, "configured"))])
    gauge = meter.begin()
    cpu.seconds += 2
    wall.seconds += 5
    usage = Usage()
    gauge.read(usage)
    assert usage.energy is not None
    assert (usage.energy.joules, usage.energy.interval_seconds, usage.energy.is_measured) == (6.0, 5.0, False)
    assert usage.energy.source == "cpu-time-model"
    assert usage.carbon is not None
    assert usage.carbon.co2e_grams == pytest.approx(6.0 / 3_600_000 * 500)
    assert usage.carbon.grid_source == "configured"


def test_no_processor_time_or_no_power_is_no_energy() -> None:
    clock = Clock()
    for meter in (
        Meter([CpuTimeEnergyProbe(3.0), CarbonProbe(WORLD_GRID)]),
        Meter([CpuProbe(clock), CpuTimeEnergyProbe(3.0), CarbonProbe(WORLD_GRID)]),
        Meter([CpuProbe(), CpuTimeEnergyProbe(0.0), CarbonProbe(WORLD_GRID)]),
    ):
        usage = Usage()
        meter.begin().read(usage)
        assert usage.energy is None
        assert usage.carbon is None


@pytest.mark.parametrize(("machine", "watts"), [("aarch64", 0.8), ("armv7l", 0.8), ("x86_64", 2.76), ("", 2.76)])
def test_power_of_a_core_by_machine(machine: str, watts: float) -> None:
    assert default_watts_per_core(machine) == watts
