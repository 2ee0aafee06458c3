"""Energy of a call, estimated: its processor time, times the power that one busy core adds.

What the device draws when idle is not attributed to calls: it would be drawn without them.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from briefd_server.metering.usage import Energy

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.metering.usage import Usage

SOURCE = "cpu-time-model"
# Raspberry Pi 4 B: (5.4 W under high load - 2.2 W idle) / 4 cores, measured at its supply
# (https://chipwired.com/raspberry-pi-power-use).
_ARM_WATTS_PER_CORE = 0.8
# A server's hardware thread: 3.5 W busy - 0.74 W idle (Cloud Carbon Footprint's average over AWS, from SPECpower).
_OTHER_WATTS_PER_CORE = 2.76


def default_watts_per_core(machine: str) -> float:
    """Tell what one busy core is taken to add, in watts, on a machine as `platform.machine()` names it."""
    return _ARM_WATTS_PER_CORE if machine.startswith(("aarch64", "arm")) else _OTHER_WATTS_PER_CORE


class CpuTimeEnergyProbe:
    """Multiplies processor time by `watts_per_core`; stands after the probe that fills in the processor time."""

    def __init__(self, watts_per_core: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._watts_per_core = watts_per_core
        self._clock = clock

    def begin(self) -> CpuTimeEnergyGauge:
        """Start a call's interval."""
        return CpuTimeEnergyGauge(self._watts_per_core, self._clock)


class CpuTimeEnergyGauge:
    """One call's energy."""

    def __init__(self, watts_per_core: float, clock: Callable[[], float]) -> None:
        self._watts_per_core = watts_per_core
        self._clock = clock
        self._start_seconds = clock()

    def read(self, usage: Usage) -> None:
        """Fill in the energy, where there is any."""
        joules = (usage.cpu_seconds or 0.0) * self._watts_per_core
        if joules > 0:
            usage.energy = Energy(
                joules, is_measured=False, source=SOURCE, interval_seconds=self._clock() - self._start_seconds
            )

    def close(self) -> None:
        """Nothing is held."""
