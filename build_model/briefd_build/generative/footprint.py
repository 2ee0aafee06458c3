"""The memory that serving takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Footprint:
    """Memory of a process that serves, in bytes: after an answer, and at the worst."""

    resident_bytes: int
    peak_bytes: int
