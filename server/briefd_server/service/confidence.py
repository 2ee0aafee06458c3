"""The caller's bound on a summary's confidence: the one place that holds answers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.errors import LowConfidenceError, NoConfidenceError, RequestError

if TYPE_CHECKING:
    from briefd_server.engines.base import Summary, Task


def checked_min_confidence(asked: float) -> float:
    """Return the bound that a request asks for.

    Raises:
        RequestError: it is not from 0 to 1, or no number.

    """
    if not 0 <= asked <= 1:  # which holds for no comparison with NaN
        raise RequestError(
            "MIN_CONFIDENCE_OUT_OF_RANGE", f"min_confidence is {asked:g}; ask for 0 to 1, or leave it out"
        )
    return asked


def check_confidence(task: Task, summary: Summary) -> None:
    """Let a summary pass that is as certain as its task asks.

    Raises:
        NoConfidenceError: there is a bound, and the engine gave no confidence.
        LowConfidenceError: the confidence is below the bound.

    """
    if task.min_confidence is None:
        return
    if summary.confidence is None:
        raise NoConfidenceError
    if not summary.confidence >= task.min_confidence:  # NaN is never enough
        raise LowConfidenceError(summary.confidence, task.min_confidence)
