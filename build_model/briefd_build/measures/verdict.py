"""Whether a stage pays: decided from what was measured before and after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from briefd_build.pipeline.results import Cost, Interval, Score, StageResult

# Interleaved medians of one and the same bundle were up to 17 % apart with ten programs at work on two cores, while
# those of processor time stayed within 3 %: time counts as saved only where the processor's clock doesn't contradict
# the wall's.
_TIME_NOISE = 0.03
# Resident memory of one and the same bundle differs by tenths of a percent from process to process.
_MEMORY_NOISE = 0.02
# A manifest's names and a graph's notes change by bytes without meaning.
_SIZE_NOISE = 0.001
# Zeros that a new rounding of the same weights makes.
_ZERO_NOISE = 0.001


def verdict(before: StageResult | None, after: StageResult, metric: Score, change: Interval | None) -> str:
    """Say why a stage did not pay, or nothing where it did.

    It pays where it saves bytes, memory or time beyond noise, or gains quality: the interval of the paired difference
    lies above 0. It lost quality where that interval lies below 0.

    Args:
        before: the stage before; None for the first, of which nothing is said.
        after: the stage.
        metric: the leading one.
        change: of the metric, from the stage before to this one (see `quality.differences`); None: not known.
    """
    if before is None:
        return ""
    lost = _say_loss(metric, change) if change and change.high < 0 else ""
    if _made_zeros_alone(before.cost, after.cost):
        return _join(lost, _say_zeros(before.cost, after.cost))
    if _saves(before.cost, after.cost) or (change and change.low > 0):
        return ""
    if lost:
        return f"{lost}; saved no time, memory or bytes."
    return "Neither saved time, memory or bytes nor gained quality, beyond noise."


def _saves(before: Cost, after: Cost) -> bool:
    is_less_work = after.cpu_seconds < before.cpu_seconds
    is_sooner = after.previous_p50_ms is not None and after.p50_ms < (1 - _TIME_NOISE) * after.previous_p50_ms
    is_smaller = after.file_bytes < (1 - _SIZE_NOISE) * before.file_bytes
    return (is_sooner and is_less_work) or is_smaller or _is_less(after.rss_bytes, before.rss_bytes, _MEMORY_NOISE)


def _is_less(after: int | None, before: int | None, noise: float) -> bool:
    return after is not None and before is not None and after < (1 - noise) * before


def _made_zeros_alone(before: Cost, after: Cost) -> bool:
    """Whether weights became zeros and nothing else changed, so that whatever the clock says is noise."""
    new_zeros = before.nonzeros - after.nonzeros
    return (
        after.parameters == before.parameters
        and after.macs == before.macs
        and abs(after.file_bytes - before.file_bytes) <= _SIZE_NOISE * before.file_bytes
        and new_zeros > _ZERO_NOISE * before.parameters
    )


def _say_zeros(before: Cost, after: Cost) -> str:
    share = (before.nonzeros - after.nonzeros) / before.parameters
    fallen = 1 - after.compressed_bytes / before.compressed_bytes
    compressed = f"only compressed bytes fall by {fallen:.0%}" if fallen >= 0.005 else "not even compressed bytes fall"
    return (
        f"{share:.1%} of the weights became zeros, and zeros are stored and multiplied like any other weight: "
        f"no speed, no bytes; {compressed}."
    )


def _say_loss(metric: Score, change: Interval) -> str:
    value, low, high = (abs(each) / metric.points for each in (change.value, change.high, change.low))
    return f"Lost {value:.1f} points of {metric.title} ({low:.1f} to {high:.1f})"


def _join(lost: str, zeros: str) -> str:
    return f"{lost}. {zeros}" if lost else zeros
