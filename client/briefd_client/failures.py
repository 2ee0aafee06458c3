"""The one place that turns a gRPC status into an error of this package."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from grpc_status import rpc_status

from briefd_client.errors import (
    CLASS_BY_REASON,
    BriefdError,
    CancelledCallError,
    DeadlineError,
    EngineError,
    LowConfidenceError,
    NotServedError,
    QueueFullError,
    RequestError,
    TextError,
    UnavailableError,
    UnexpectedAnswerError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from briefd.address import Address

_DOMAIN = "briefd"
# HTTP/2's REFUSED_STREAM, for calls above what the server takes on a connection: it has not read them (RFC 9113, 8.7).
_REFUSED_STREAM = re.compile(r"RST_STREAM with error code 7\b")
# What gRPC says when it is the answer that is too large, and not the request.
_TOO_LARGE_AN_ANSWER = "CLIENT: Received message larger than max"
# For a reason that this version does not know, and for statuses that gRPC itself gives.
_CLASS_BY_CODE: dict[grpc.StatusCode, type[BriefdError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: RequestError,
    grpc.StatusCode.NOT_FOUND: NotServedError,
    grpc.StatusCode.FAILED_PRECONDITION: NotServedError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: QueueFullError,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineError,
    grpc.StatusCode.CANCELLED: CancelledCallError,
    grpc.StatusCode.UNAVAILABLE: UnavailableError,
    grpc.StatusCode.INTERNAL: EngineError,
}


def failure_of(error: grpc.RpcError, *, address: Address, timeout_seconds: float) -> BriefdError:
    """Tell what a failed call means to its caller.

    Args:
        error: What gRPC raised.
        address: Where the call went, for the message.
        timeout_seconds: How long the caller was ready to wait, for the message.
    """
    details = _details_of(error)
    info = _first(ErrorInfo, details)
    if info is None or info.domain != _DOMAIN:
        return _failure_of_grpc_itself(error.code(), error.details() or "", address, timeout_seconds)
    kind = CLASS_BY_REASON.get(info.reason) or _CLASS_BY_CODE.get(error.code(), UnexpectedAnswerError)
    retry = _first(RetryInfo, details)
    retry_after_seconds = None if retry is None else retry.retry_delay.ToNanoseconds() / 1e9
    failure = kind(error.details() or info.reason, reason=info.reason, retry_after_seconds=retry_after_seconds)
    if isinstance(failure, LowConfidenceError):
        failure.confidence = _probability_of(info.metadata.get("confidence", ""))
    return failure


def cancelled_call() -> CancelledCallError:
    """Return what a running call raises when its client is closed."""
    return CancelledCallError("the call was cancelled before its answer came; call again")


def _failure_of_grpc_itself(
    code: grpc.StatusCode, details: str, address: Address, timeout_seconds: float
) -> BriefdError:
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlineError(f"no answer within {timeout_seconds:g} s; allow a longer timeout")
    if code is grpc.StatusCode.UNAVAILABLE:
        return _unavailable(details, address)
    if code is grpc.StatusCode.CANCELLED:
        return cancelled_call()
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return _exhausted(details, address)
    message = (
        f"what answers at {address} is no briefd of this version ({code.name}); check the address and the versions"
    )
    return UnexpectedAnswerError(message)


def _exhausted(details: str, address: Address) -> BriefdError:
    if _TOO_LARGE_AN_ANSWER in details:
        return UnexpectedAnswerError(f"what answers at {address} sends more than any answer holds; check its version")
    if "larger than max" in details:  # gRPC's own limit of a message, above the daemon's of a text
        return TextError("the text is larger than the daemon accepts; send a shorter one", reason="TEXT_TOO_LARGE")
    return QueueFullError(f"the daemon at {address} takes no more calls now; try again later")


def _unavailable(details: str, address: Address) -> BriefdError:
    if _REFUSED_STREAM.search(details):
        return QueueFullError(f"the daemon at {address} takes no more calls now; try again later")
    if "Permission denied" in details:
        return UnavailableError(f"this user may not open {address}; join the group that owns the socket")
    message = f"no daemon answers at {address}; start one with `briefd serve`, or give the address where it listens"
    return UnavailableError(message)


def _probability_of(number: str) -> float | None:
    with suppress(ValueError):
        probability = float(number)
        return probability if 0 <= probability <= 1 else None
    return None


def _details_of(error: grpc.RpcError) -> Iterable[Any]:
    try:
        status = rpc_status.from_call(error)
    except (ValueError, DecodeError):  # written by something that is no briefd
        return ()
    return () if status is None else status.details


def _first(kind: type[Any], details: Iterable[Any]) -> Any | None:
    """Unpack the first of `details` that is a `kind`; both are protobuf messages without published types."""
    for detail in details:
        message = kind()
        if detail.Unpack(message):
            return message
    return None
