"""When a call that failed is tried again: a decision, taken apart from the waiting and the calling."""

from __future__ import annotations

from dataclasses import dataclass

from briefd_client.errors import BriefdError, QueueFullError, UnavailableError

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_SHORTEST_PAUSE_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Which failures are worth another try. A call is tried again only while it has time left.

    Nothing is asked again once any of it was handed over: an event of `stream`, the answer of `summarize`.

    Attributes:
        queue_full: Whether to wait and try again when the queue is full, as often as the timeout allows.
        unavailable_retry_count: How often to try again when no daemon answers.
        lost_retry_count: How often to ask again when the connection was lost, or the daemon shut down, while it worked
            on the call. The text may be what ended the daemon.
    """

    queue_full: bool = True
    unavailable_retry_count: int = 2
    lost_retry_count: int = 0


DEFAULT_RETRY = RetryPolicy()
NO_RETRY = RetryPolicy(queue_full=False, unavailable_retry_count=0)


def pause_before_retry(
    failure: BriefdError,
    *,
    policy: RetryPolicy,
    failure_count: int,
    remaining_seconds: float,
    jitter: float,
    is_lost: bool = False,
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
        is_lost: Whether the daemon had taken the call before it failed.

    Returns:
        The pause in seconds, or `None` when the failure is final.
    """
    if not _is_worth_another_try(failure, policy, failure_count, is_lost=is_lost):
        return None
    if failure.retry_after_seconds is None:
        least = min(_FIRST_PAUSE_SECONDS * 2.0 ** min(failure_count - 1, 10), _LONGEST_PAUSE_SECONDS)
    else:
        least = max(failure.retry_after_seconds, _SHORTEST_PAUSE_SECONDS)
    pause_seconds = least * (1 + jitter / 2)
    return pause_seconds if pause_seconds < remaining_seconds else None


def _is_worth_another_try(failure: BriefdError, policy: RetryPolicy, failure_count: int, *, is_lost: bool) -> bool:
    if isinstance(failure, QueueFullError):
        return policy.queue_full and not is_lost
    limit = policy.lost_retry_count if is_lost else policy.unavailable_retry_count
    return isinstance(failure, UnavailableError) and failure_count <= limit
