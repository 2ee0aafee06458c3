"""What is chosen among within one sentence."""

from __future__ import annotations

from typing import NamedTuple


class Candidate(NamedTuple):
    """Words of one sentence that a summary may be made of, and what they are worth by the table of costs."""

    total: float
    words: list[int]
