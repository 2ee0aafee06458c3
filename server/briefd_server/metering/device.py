"""How the device is: readings for Health, each None where it cannot be taken."""

from __future__ import annotations

import os

import psutil

# How the kernel's names of processor sensors begin: Raspberry Pi (`cpu_thermal`), Jetson (`CPU-therm`), Intel, AMD.
_PROCESSOR_SENSORS = ("cpu", "soc", "coretemp", "x86_pkg_temp", "k10temp", "zenpower")


def thread_count() -> int | None:
    """Count the threads of this process, all of them."""
    try:
        return psutil.Process().num_threads()
    except psutil.Error:
        return None


def load_1m() -> float | None:
    """Read the load average of the device over one minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def attainable_memory_bytes() -> int | None:
    """Read how much memory this process can hold before one is ended: its own, free, reclaimable, and free swap."""
    try:
        own_bytes: int = psutil.Process().memory_info().rss
        return own_bytes + psutil.virtual_memory().available + psutil.swap_memory().free
    except (OSError, RuntimeError, psutil.Error):
        return None


def temperature_celsius() -> float | None:
    """Read the hottest sensor of the processor, in degrees Celsius."""
    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError):
        return None
    return max(
        (
            reading.current
            for chip, readings in sensors.items()
            if chip.lower().startswith(_PROCESSOR_SENSORS)
            for reading in readings
        ),
        default=None,
    )
