from __future__ import annotations

import pickle
import re
from pathlib import Path

import grpc
import pytest
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

import briefd.v1
from briefd.address import TcpAddress, UnixAddress
from briefd_client import (
    BriefdError,
    CancelledCallError,
    DeadlineError,
    LowConfidenceError,
    NotServedError,
    QueueFullError,
    RequestError,
    TextError,
    UnavailableError,
    UnexpectedAnswerError,
)
from briefd_client.errors import CLASS_BY_REASON
from briefd_client.failures import failure_of

Code = grpc.StatusCode
DETAILS_KEY = "grpc-status-details-bin"


class Failed(grpc.RpcError):
    """A failed call, as both of gRPC's faces present it."""

    def __init__(self, code: Code, message: str = "", trailers: tuple[tuple[str, bytes], ...] | None = ()) -> None:
        self._code, self._message, self._trailers = code, message, trailers

    def code(self):
        return self._code

    def details(self):
        return self._message

    def trailing_metadata(self):
        return self._trailers


def failed_with(code: Code, message: str, *details: object) -> Failed:
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    status = status_pb2.Status(code=code.value[0], message=message, details=packed)
    return Failed(code, message, ((DETAILS_KEY, status.SerializeToString()),))


def meaning(error: grpc.RpcError) -> BriefdError:
    return failure_of(error, address=UnixAddress("/run/d.sock"), timeout_seconds=2.5)


def info(reason: str, domain: str = "briefd") -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain=domain)


def reasons_of_the_contract() -> set[str]:
    contract = (Path(briefd.v1.__file__).parent / "briefd.proto").read_text(encoding="utf-8")
    comment = contract[contract.index("Every error carries") : contract.index("service SummarizerService")]
    return set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", comment)) - {code.name for code in Code}


def test_every_reason_of_the_contract_has_its_class():
    assert set(CLASS_BY_REASON) == reasons_of_the_contract()


@pytest.mark.parametrize("reason", sorted(CLASS_BY_REASON))
def test_the_daemons_reason_and_message_are_kept(reason):
    failure = meaning(failed_with(Code.INVALID_ARGUMENT, "send less", info(reason)))
    assert type(failure) is CLASS_BY_REASON[reason]
    assert (failure.reason, str(failure), failure.retry_after_seconds) == (reason, "send less", None)


def test_the_daemons_hint_is_kept():
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=250_000_000))
    failure = meaning(failed_with(Code.RESOURCE_EXHAUSTED, "later", info("QUEUE_FULL"), retry))
    assert isinstance(failure, QueueFullError)
    assert failure.retry_after_seconds == 1.25


@pytest.mark.parametrize(
    ("metadata", "confidence"),
    [
        ({"confidence": "0.73", "minConfidence": "0.9"}, 0.73),
        ({}, None),
        ({"confidence": "high"}, None),
        ({"confidence": "nan"}, None),
        ({"confidence": "2"}, None),
    ],
)
def test_the_confidence_that_was_reached_is_kept(metadata, confidence):
    told = error_details_pb2.ErrorInfo(reason="LOW_CONFIDENCE", domain="briefd", metadata=metadata)
    failure = meaning(failed_with(Code.FAILED_PRECONDITION, "too low", told))
    assert isinstance(failure, LowConfidenceError)
    assert failure.confidence == confidence
    assert pickle.loads(pickle.dumps(failure)).confidence == confidence


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Code.INVALID_ARGUMENT, RequestError),
        (Code.NOT_FOUND, NotServedError),
        (Code.FAILED_PRECONDITION, NotServedError),
        (Code.UNAVAILABLE, UnavailableError),
        (Code.DATA_LOSS, UnexpectedAnswerError),
    ],
)
def test_a_reason_of_a_newer_daemon_is_kept_under_the_class_of_its_status(code, kind):
    failure = meaning(failed_with(code, "send it in green", info("WRONG_COLOUR")))
    assert (type(failure), failure.reason, str(failure)) == (kind, "WRONG_COLOUR", "send it in green")


@pytest.mark.parametrize(
    ("error", "kind", "reason", "message"),
    [
        (Failed(Code.DEADLINE_EXCEEDED, "Deadline Exceeded"), DeadlineError, "DEADLINE_PASSED", "within 2.5 s"),
        (
            Failed(Code.RESOURCE_EXHAUSTED, "CLIENT: Received message larger than max (5000000 vs. 4194304)"),
            UnexpectedAnswerError,
            "UNEXPECTED_ANSWER",
            "sends more than any answer holds",
        ),
        (
            Failed(Code.UNAVAILABLE, "Stream removed (RST_STREAM (Received RST_STREAM with error code 7))"),
            QueueFullError,
            "QUEUE_FULL",
            "try again later",
        ),
        (Failed(Code.UNAVAILABLE, "Connection refused"), UnavailableError, "UNREACHABLE", "unix:/run/d.sock"),
        (Failed(Code.UNAVAILABLE, "x: Permission denied"), UnavailableError, "UNREACHABLE", "join the group"),
        (Failed(Code.CANCELLED, "Channel closed!"), CancelledCallError, "CALL_CANCELLED", "call again"),
        (
            Failed(Code.RESOURCE_EXHAUSTED, "Received message larger than max (5 vs. 4)"),
            TextError,
            "TEXT_TOO_LARGE",
            "",
        ),
        (Failed(Code.RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!"), QueueFullError, "QUEUE_FULL", "later"),
        (Failed(Code.UNIMPLEMENTED, "Method not found!"), UnexpectedAnswerError, "UNEXPECTED_ANSWER", "UNIMPLEMENTED"),
        (Failed(Code.INTERNAL, "RST_STREAM"), UnexpectedAnswerError, "UNEXPECTED_ANSWER", "no briefd"),
        (Failed(Code.UNAVAILABLE, None, None), UnavailableError, "UNREACHABLE", "briefd serve"),
    ],
)
def test_what_grpc_itself_says_is_put_in_this_packages_words(error, kind, reason, message):
    failure = meaning(error)
    assert (type(failure), failure.reason) == (kind, reason)
    assert message in str(failure)


@pytest.mark.parametrize(
    "error",
    [
        failed_with(Code.INVALID_ARGUMENT, "somebody else's", info("EMPTY_TEXT", domain="example.com")),
        Failed(Code.INVALID_ARGUMENT, "no such message", ((DETAILS_KEY, b"\xff\xff\xff"),)),
        Failed(Code.INVALID_ARGUMENT, "not that code", ((DETAILS_KEY, status_pb2.Status(code=5).SerializeToString()),)),
    ],
)
def test_details_that_are_not_the_daemons_are_not_believed(error):
    assert meaning(error).reason == "UNEXPECTED_ANSWER"


def test_the_address_is_told_as_the_user_writes_it():
    failure = failure_of(Failed(Code.UNAVAILABLE), address=TcpAddress("::1", 50051), timeout_seconds=1)
    assert "[::1]:50051" in str(failure)


def test_errors_cross_processes():
    sent = QueueFullError("later", retry_after_seconds=0.5, reason="QUEUE_FULL")
    received = pickle.loads(pickle.dumps(sent))
    assert type(received) is QueueFullError
    assert (str(received), received.reason, received.retry_after_seconds) == ("later", "QUEUE_FULL", 0.5)
