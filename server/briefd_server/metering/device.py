"""How the device is: readings for Health, each None where it cannot be taken."""

from __future__ import annotations

import os
import time

import psutil

from briefd_server.cgroup import memory_room_bytes

# How the kernel's names of processor sensors begin: Raspberry Pi (`cpu_thermal`), Jetson (`CPU-therm`), Intel, AMD.
_PROCESSOR_SENSORS = ("cpu", "soc", "coretemp", "x86_pkg_temp", "k10temp", "zenpower")

# The start of a process in `/proc/PID/stat` is its 22nd field; here they are counted from the third on, and from 0.
_START_FIELD = 19


def process_age_seconds(proc: str = "/proc", boot_seconds: float | None = None) -> float | None:
    """Read how long ago this process was started, by the clock that counts from the boot on (man 5 proc).

    psutil's `create_time` reads `/proc/stat`, which systemd's `ProcSubset=pid` hides.
    """
    now_seconds = time.clock_gettime(time.CLOCK_BOOTTIME) if boot_seconds is None else boot_seconds
    try:
        with open(f"{proc}/self/stat", encoding="utf-8", errors="replace") as file:
            # The second field is the command's name in brackets, and may hold anything.
            fields = file.read().rpartition(")")[2].split()
        return max(0.0, now_seconds - int(fields[_START_FIELD]) / os.sysconf("SC_CLK_TCK"))
    except (OSError, ValueError, IndexError):
        return None


def thread_count() -> int | None:
    """Count the threads of this process, all of them."""
    try:
        return psutil.Process().num_threads()
    except (OSError, psutil.Error):
        return None


def load_1m() -> float | None:
    """Read the load average of the device over one minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def attainable_memory_bytes() -> int | None:
    """Read how much memory this process can hold before one is ended: its own, free, reclaimable, and free swap.

    In a control group whose memory is limited, no more than that leaves.
    """
    try:
        own_bytes: int = psutil.Process().memory_info().rss
        free_bytes: int = psutil.virtual_memory().available + psutil.swap_memory().free
        room_bytes = memory_room_bytes()
        return own_bytes + (free_bytes if room_bytes is None else min(free_bytes, room_bytes))
    except (OSError, RuntimeError, psutil.Error):
        return None


def temperature_celsius() -> float | None:
    """Read the hottest sensor of the processor, in degrees Celsius."""
    try:
        sensors = psutil.sensors_temperatures()
    except (AttributeError, OSError, RuntimeError, psutil.Error):
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
