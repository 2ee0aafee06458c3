"""Shares with their 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_Z = 1.959964  # of a normal distribution, 95 % lie within so many deviations


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with Wilson's interval (1927, "Probable inference, the law of succession"), in percent."""

    count: int
    total: int

    @classmethod
    def of(cls, flags: Iterable[object]) -> Share:
        """Count what is true."""
        truths = [bool(flag) for flag in flags]
        return cls(sum(truths), len(truths))

    @property
    def percent(self) -> float:
        """The share; NaN of nothing."""
        return 100 * self.count / self.total if self.total else float("nan")

    @property
    def bounds(self) -> tuple[float, float]:
        """The interval's ends; 0 and 100 of nothing."""
        if not self.total:
            return 0.0, 100.0
        share, weight = self.count / self.total, _Z**2 / self.total
        middle = share + weight / 2
        reach = _Z * sqrt(share * (1 - share) / self.total + weight / (4 * self.total))
        low, high = (100 * (middle + sign * reach) / (1 + weight) for sign in (-1, 1))
        return max(0.0, low), min(100.0, high)

    def to_json(self) -> dict[str, Any]:
        """Give the counts, the share and its interval; `percent` is None of nothing."""
        low, high = self.bounds
        return {
            "count": self.count,
            "total": self.total,
            "percent": self.percent if self.total else None,
            "low": low,
            "high": high,
        }

    def __str__(self) -> str:
        if not self.total:
            return "none"
        low, high = self.bounds
        return f"{self.percent:.1f} % ({low:.1f} to {high:.1f}), {self.count:,} of {self.total:,}"
