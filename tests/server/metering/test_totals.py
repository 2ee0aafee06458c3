"""Totals and the latency of the last minutes."""

from __future__ import annotations

import pytest

from briefd_server.metering import device
from briefd_server.metering.totals import LatencyFigures, LatencyWindow, Totals, percentile
from briefd_server.metering.usage import Carbon, Energy, Usage


def test_totals_add_up_and_keep_what_was_not_measured_absent() -> None:
    totals = Totals()
    totals.add_answer(100, 12, Usage())
    assert (totals.words_read, totals.words_written) == (100, 12)
    assert (totals.cpu_seconds, totals.energy_joules, totals.co2e_grams) == (None, None, None)
    energy, carbon = Energy(2.0, is_measured=False, source="s", interval_seconds=1.0), Carbon(0.5, 473.0, "s")
    for _ in range(2):
        totals.add_answer(10, 11, Usage(cpu_seconds=0.25, energy=energy, carbon=carbon))
    assert (totals.cpu_seconds, totals.energy_joules, totals.co2e_grams) == (0.5, 4.0, 1.0)


@pytest.mark.parametrize(
    ("values", "p50", "p95"),
    [([7.0], 7.0, 7.0), ([1.0, 2.0], 1.0, 2.0), ([float(n) for n in range(1, 101)], 50.0, 95.0)],
)
def test_percentiles_are_nearest_rank(values: list[float], p50: float, p95: float) -> None:
    assert (percentile(values, 50), percentile(values, 95)) == (p50, p95)


def test_latency_looks_back_five_minutes() -> None:
    now = [1000.0]
    window = LatencyWindow(clock=lambda: now[0])
    assert window.figures() is None
    window.add(9.0)
    now[0] += 200
    window.add(1.0)
    assert window.figures() == LatencyFigures(300.0, 2, 1.0, 9.0)
    now[0] += 200
    assert window.figures() == LatencyFigures(300.0, 1, 1.0, 1.0)
    now[0] += 200
    assert window.figures() is None


def test_a_full_window_says_how_far_it_reaches() -> None:
    now = [1000.0]
    window = LatencyWindow(clock=lambda: now[0])
    for _ in range(10_000):
        now[0] += 0.01
        window.add(0.01)
    figures = window.figures()
    assert figures is not None
    assert figures.call_count == 4096
    assert figures.window_seconds == pytest.approx(40.95)


def test_the_device_is_read_without_failing() -> None:
    count = device.thread_count()
    assert count is not None
    assert count >= 1
    assert device.load_1m() is not None
    temperature = device.temperature_celsius()
    assert temperature is None or -50 < temperature < 150


def test_the_hottest_processor_sensor_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Reading:
        def __init__(self, current: float) -> None:
            self.current = current

    sensors = {"nvme": [Reading(90.0)], "cpu_thermal": [Reading(51.0)], "coretemp": [Reading(40.0), Reading(60.5)]}
    monkeypatch.setattr(device.psutil, "sensors_temperatures", lambda: sensors)
    assert device.temperature_celsius() == 60.5
    sensors.clear()
    assert device.temperature_celsius() is None
