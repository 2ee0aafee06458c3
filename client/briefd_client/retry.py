"""When a call that failed is tried again: a decision, taken apart from the waiting and the calling."""

from __future__ import annotations

from dataclasses import dataclass

from briefd_client.errors import BriefdError, QueueFullError, UnavailableError

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_SHORTEST_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Which failures are worth another try. A call is tried again only while it has received nothing and has time left.

    Attributes:
        queue_full: Whether to wait and try again when the queue is full, as often as the timeout allows.
        unavailable_retry_count: How often to try again when no daemon answers.
    """

    queue_full: bool = True
    unavailable_retry_count: int = 2


DEFAULT_RETRY = RetryPolicy()
NO_RETRY = RetryPolicy(queue_full=False, unavailable_retry_count=0)


def pause_before_retry(
    failure: BriefdError, *, policy: RetryPolicy, failure_count: int, remaining_seconds: float, jitter: float
) -> float | None:
    """Decide whether, and after how many seconds, to try again.

    The daemon's hint is the least that is waited; without one the pause doubles from 0.1 s to 2 s. Up to half of it is
    added, so that callers who were refused together do not come back together.

    Args:
        failure: Why the last try failed.
        policy: Which failures are worth another try.
        failure_count: Failures of this kind so far in this call, this one included.
        remaining_seconds: Time left of the call's timeout.
        jitter: A random number in [0, 1).

    Returns:
        The pause in seconds, or `None` when the failure is final.
    """
    if not _is_worth_another_try(failure, policy, failure_count):
        return None
    if failure.retry_after_seconds is None:
        least = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(failure_count - 1, 10), _LONGEST_PAUSE_SECONDS)
    else:
        least = max(failure.retry_after_seconds, _SHORTEST_PAUSE_SECONDS)
    pause_seconds = least * (1 + jitter / 2)
    return pause_seconds if pause_seconds < remaining_seconds else None


def _is_worth_another_try(failure: BriefdError, policy: RetryPolicy, failure_count: int) -> bool:
    if isinstance(failure, QueueFullError):
        return policy.queue_full
    return isinstance(failure, UnavailableError) and failure_count <= policy.unavailable_retry_count
