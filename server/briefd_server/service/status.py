"""The one border between what can go wrong here and gRPC statuses.

Every status carries a `google.rpc.ErrorInfo` with the contract's reason, and a refusal for want of room a
`google.rpc.RetryInfo`.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, NoReturn, TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from briefd_server.errors import (
    CallError,
    CancelledCallError,
    DeadlineError,
    EngineError,
    LowConfidenceError,
    NoConfidenceError,
    NotServedError,
    QueueFullError,
    RequestError,
    ShuttingDownError,
    StartError,
    WrongTaskError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.protobuf.message import Message

    # Requests arrive as bytes, since gRPC's own refusal of malformed ones would say nothing of use.
    Context = grpc.aio.ServicerContext[bytes, Message]

_LOGGER = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
ERROR_DOMAIN = "briefd"

_CODES: dict[type[CallError], grpc.StatusCode] = {
    RequestError: grpc.StatusCode.INVALID_ARGUMENT,
    NotServedError: grpc.StatusCode.NOT_FOUND,
    WrongTaskError: grpc.StatusCode.FAILED_PRECONDITION,
    NoConfidenceError: grpc.StatusCode.FAILED_PRECONDITION,
    LowConfidenceError: grpc.StatusCode.FAILED_PRECONDITION,
    QueueFullError: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlineError: grpc.StatusCode.DEADLINE_EXCEEDED,
    CancelledCallError: grpc.StatusCode.CANCELLED,
    ShuttingDownError: grpc.StatusCode.UNAVAILABLE,
    EngineError: grpc.StatusCode.INTERNAL,
}


async def guarded(
    work: Awaitable[ResultT], context: Context, call_name: str, on_outcome: Callable[[str], None]
) -> ResultT:
    """Do the work of a call, and end the call with the status of whatever is raised by it.

    `call_name` stands for the call in the log; `on_outcome` learns the status's name, once.
    """
    try:
        result = await work
    except CallError as error:
        on_outcome(_CODES[type(error)].name)
        await _abort(context, error)
    except (asyncio.CancelledError, grpc.aio.BaseError):
        # The client went away or its time is up, and nobody is there to be told; or the server is being stopped.
        on_outcome("DEADLINE_EXCEEDED" if context.time_remaining() == 0 else "CANCELLED")
        raise
    except StartError as error:
        # The form that was asked for cannot be loaded: one line, which says why and never quotes a text.
        _LOGGER.error("call %s failed: %s", call_name, error)  # noqa: TRY400 - likewise
        on_outcome(grpc.StatusCode.INTERNAL.name)
        await _abort(context, EngineError())
    except Exception as error:  # the border: whatever fails inside becomes a status that quotes nothing
        _LOGGER.error("call %s failed: %s", call_name, describe(error))  # noqa: TRY400 - its message may quote the text
        on_outcome(grpc.StatusCode.INTERNAL.name)
        await _abort(context, EngineError())
    else:
        on_outcome(grpc.StatusCode.OK.name)
        return result


def describe(error: BaseException) -> str:
    """Say what was raised and where, without its message: that may quote the user's text."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at " + " < ".join(
        f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )


def rich_status(error: CallError) -> status_pb2.Status:
    """Say an error as `google.rpc.Status`, details included."""
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=ERROR_DOMAIN, metadata=error.metadata)
    ]
    if isinstance(error, QueueFullError):
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(round(error.retry_seconds * 1e9))
        details.append(retry)
    return status_pb2.Status(
        code=_CODES[type(error)].value[0], message=str(error), details=[_packed(detail) for detail in details]
    )


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed


async def _abort(context: Context, error: CallError) -> NoReturn:
    status = rpc_status.to_status(rich_status(error))
    await context.abort(status.code, status.details, status.trailing_metadata)
