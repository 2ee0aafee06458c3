"""What a call used, as plain numbers; what was not measured is None."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a call: joules, above 0, over an interval in seconds; `source` names the meter or the model."""

    joules: float
    is_measured: bool
    source: str
    interval_seconds: float


@dataclass(frozen=True, slots=True)
class Carbon:
    """Grams of carbon dioxide equivalent, with the grid intensity used and where that is from."""

    co2e_grams: float
    grid_grams_per_kwh: float
    grid_source: str


@dataclass(slots=True)
class Usage:
    """What a call used so far or in all; `service.messages` says it on the wire, where the fields are described."""

    queue_seconds: float | None = None
    tokenize_seconds: float | None = None
    inference_seconds: float | None = None
    total_seconds: float | None = None
    cpu_seconds: float | None = None
    rss_start_bytes: int | None = None
    rss_end_bytes: int | None = None
    rss_peak_bytes: int | None = None
    energy: Energy | None = None
    carbon: Carbon | None = None
    model_threads: int | None = None
