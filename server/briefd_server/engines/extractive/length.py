"""The asked length of a summary."""

from __future__ import annotations

from typing import NamedTuple


class Length(NamedTuple):
    """The asked length in words: 1 ≤ least ≤ most."""

    least: int
    most: int
