from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_client import (
    NO_RETRY,
    BriefdError,
    DeadlineError,
    EngineError,
    QueueFullError,
    RetryPolicy,
    ShuttingDownError,
    TextError,
    UnavailableError,
)
from briefd_client.retry import pause_before_retry


def pause(failure: BriefdError, **facts: float | RetryPolicy) -> float | None:
    defaults = {"policy": RetryPolicy(), "failure_count": 1, "remaining_seconds": 60.0, "jitter": 0.0}
    return pause_before_retry(failure, **{**defaults, **facts})


@pytest.mark.parametrize(
    ("failure", "facts", "expected"),
    [
        (QueueFullError("", retry_after_seconds=0.7), {}, 0.7),
        (QueueFullError("", retry_after_seconds=0.7), {"jitter": 0.5}, 0.875),
        (QueueFullError("", retry_after_seconds=0.7), {"failure_count": 1000}, 0.7),
        (QueueFullError("", retry_after_seconds=0.7), {"remaining_seconds": 0.7}, None),
        (QueueFullError("", retry_after_seconds=0.7), {"policy": NO_RETRY}, None),
        (QueueFullError("", retry_after_seconds=0.0), {}, 0.01),
        (QueueFullError(""), {}, 0.1),
        (QueueFullError(""), {"failure_count": 4}, 0.8),
        (QueueFullError(""), {"failure_count": 5000}, 2.0),
        (UnavailableError(""), {"is_lost": True}, None),
        (UnavailableError(""), {"is_lost": True, "policy": RetryPolicy(lost_retry_count=1)}, 0.1),
        (UnavailableError(""), {"is_lost": True, "policy": RetryPolicy(lost_retry_count=1), "failure_count": 2}, None),
        (UnavailableError(""), {}, 0.1),
        (UnavailableError(""), {"failure_count": 2}, 0.2),
        (UnavailableError(""), {"failure_count": 3}, None),
        (UnavailableError(""), {"policy": NO_RETRY}, None),
        (ShuttingDownError(""), {}, 0.1),
        (DeadlineError(""), {}, None),
        (EngineError(""), {}, None),
        (TextError(""), {}, None),
    ],
)
def test_pause_before_retry(failure, facts, expected):
    assert pause(failure, **facts) == (expected if expected is None else pytest.approx(expected))


@given(
    hint=st.one_of(st.none(), st.floats(0, 1e6)),
    failure_count=st.integers(1, 10_000),
    remaining_seconds=st.floats(0, 1e6),
    jitter=st.floats(0, 1, exclude_max=True),
)
def test_a_pause_is_never_shorter_than_the_hint_and_leaves_time_to_call(hint, failure_count, remaining_seconds, jitter):
    chosen = pause(
        QueueFullError("", retry_after_seconds=hint),
        failure_count=failure_count,
        remaining_seconds=remaining_seconds,
        jitter=jitter,
    )
    if chosen is not None:
        assert (hint or 0.01) <= chosen < remaining_seconds
