"""The border between errors and statuses."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from google.rpc import error_details_pb2

from briefd_server import errors
from briefd_server.service.status import _CODES, describe, guarded, rich_status


def leaves(kind: type[errors.CallError]) -> set[type[errors.CallError]]:
    return {kind} if not kind.__subclasses__() else set().union(*map(leaves, kind.__subclasses__()))


def test_every_call_error_has_a_status() -> None:
    assert set(_CODES) == leaves(errors.CallError)


def test_a_full_queue_carries_its_hint() -> None:
    status = rich_status(errors.QueueFullError(1.25))
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.reason, info.domain) == ("QUEUE_FULL", "briefd")
    assert retry.retry_delay.ToMilliseconds() == 1250
    assert status.code == grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]


def test_a_low_confidence_is_told_to_programs_too() -> None:
    info = error_details_pb2.ErrorInfo()
    assert rich_status(errors.LowConfidenceError(0.89999, 0.9)).details[0].Unpack(info)
    assert dict(info.metadata) == {"confidence": "0.89999", "minConfidence": "0.9"}


def test_describing_an_error_leaves_out_its_message() -> None:
    def fail() -> None:
        raise ValueError("the secret text")

    with pytest.raises(ValueError, match="secret") as raised:
        fail()
    description = describe(raised.value)
    assert description.startswith("ValueError at ")
    assert "test_status.py" in description
    assert "fail" in description
    assert "secret" not in description


class Context:
    """As much of a server's call as the border uses."""

    def __init__(self, remaining_seconds: float | None = None) -> None:
        self.remaining_seconds = remaining_seconds
        self.aborted: tuple[grpc.StatusCode, str] | None = None

    def time_remaining(self) -> float | None:
        return self.remaining_seconds

    async def abort(self, code: grpc.StatusCode, details: str, trailing_metadata: object) -> None:
        self.aborted = (code, details)
        raise grpc.aio.AbortError


def outcome_of(error: BaseException | None, context: Context) -> list[str]:
    outcomes: list[str] = []

    async def work() -> str:
        if error:
            raise error
        return "done"

    async def live() -> None:
        await guarded(work(), context, "id-1", outcomes.append)  # type: ignore[arg-type] # as much as is used

    if error:
        with pytest.raises((grpc.aio.BaseError, asyncio.CancelledError)):
            asyncio.run(live())
    else:
        asyncio.run(live())
    return outcomes


@pytest.mark.parametrize(
    ("error", "remaining_seconds", "outcome", "is_told"),
    [
        (None, None, "OK", False),
        (errors.RequestError("EMPTY_TEXT", "m"), None, "INVALID_ARGUMENT", True),
        (errors.ShuttingDownError(), None, "UNAVAILABLE", True),
        (errors.DeadlineError(), 0.0, "DEADLINE_EXCEEDED", True),
        (RuntimeError("secret"), None, "INTERNAL", True),
        (asyncio.CancelledError(), None, "CANCELLED", False),
        (asyncio.CancelledError(), 0.0, "DEADLINE_EXCEEDED", False),
        (grpc.aio.InternalError("broken pipe"), 5.0, "CANCELLED", False),
    ],
)
def test_every_end_has_one_outcome(
    error: BaseException | None, remaining_seconds: float | None, outcome: str, is_told: bool
) -> None:
    context = Context(remaining_seconds)
    assert outcome_of(error, context) == [outcome]
    assert (context.aborted is not None) == is_told
    assert "secret" not in str(context.aborted)
