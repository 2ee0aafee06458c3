"""Carbon dioxide equivalent of a call's energy: joules / 3.6e6 = kilowatt-hours, times the grid's intensity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.metering.usage import Carbon

if TYPE_CHECKING:
    from briefd_server.metering.usage import Usage

JOULES_PER_KWH = 3.6e6


@dataclass(frozen=True, slots=True)
class Grid:
    """Intensity of the electricity that the device runs on, in grams of CO2e a kilowatt-hour, and where it is from."""

    grams_per_kwh: float
    source: str


# https://ember-energy.org/latest-insights/global-electricity-review-2025
WORLD_GRID = Grid(473.0, "Ember, Global Electricity Review 2025: world, 2024")


class CarbonProbe:
    """Turns energy into carbon; stands after the probe that fills in the energy. Holds nothing of a call."""

    def __init__(self, grid: Grid) -> None:
        self._grid = grid

    def begin(self) -> CarbonProbe:
        """Give itself: there is nothing to start."""
        return self

    def read(self, usage: Usage) -> None:
        """Fill in the carbon, where the energy is known."""
        if usage.energy:
            grams = usage.energy.joules / JOULES_PER_KWH * self._grid.grams_per_kwh
            usage.carbon = Carbon(grams, self._grid.grams_per_kwh, self._grid.source)

    def close(self) -> None:
        """Nothing is held."""
