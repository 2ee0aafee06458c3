"""Everything that can go wrong, as one tree.

    BriefdError
    ├── StartError              the daemon cannot start; the command prints it as one line and exits with 3
    │   ├── ConfigError         a setting is unknown or out of range; exits with 2
    │   ├── ListenError         an address cannot be listened on
    │   ├── BundleError         a bundle is missing, damaged or not one
    │   └── EngineLoadError     the bundle is sound, but its engine cannot run it here
    └── CallError               one call ends without an answer; `service.status` maps it to a gRPC status
        ├── RequestError        INVALID_ARGUMENT    EMPTY_TEXT, TEXT_WITHOUT_WORDS, TEXT_TOO_LARGE, TEXT_HAS_NUL,
        │                                           MALFORMED_REQUEST, LENGTH_OUT_OF_RANGE,
        │                                           MIN_CONFIDENCE_OUT_OF_RANGE, LABEL_COUNT_OUT_OF_RANGE,
        │                                           SAMPLE_INTERVAL_OUT_OF_RANGE, UNKNOWN_VARIANT
        ├── NotServedError      NOT_FOUND           UNKNOWN_BUNDLE, VARIANT_NOT_IN_BUNDLE
        ├── WrongTaskError      FAILED_PRECONDITION TASK_NOT_SERVED
        ├── NoConfidenceError   FAILED_PRECONDITION CONFIDENCE_NOT_SERVED
        ├── LowConfidenceError  FAILED_PRECONDITION LOW_CONFIDENCE
        ├── QueueFullError      RESOURCE_EXHAUSTED  QUEUE_FULL
        ├── DeadlineError       DEADLINE_EXCEEDED   DEADLINE_PASSED
        ├── CancelledCallError  CANCELLED           CALL_CANCELLED
        ├── ShuttingDownError   UNAVAILABLE         SHUTTING_DOWN
        └── EngineError         INTERNAL            ENGINE_FAILED

A message is one line that states the fix; it never quotes the caller's text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class BriefdError(Exception):
    """Anything that the daemon reports on purpose."""


class StartError(BriefdError):
    """The daemon cannot start."""


class ConfigError(StartError):
    """A setting is unknown or out of range."""


class ListenError(StartError):
    """An address cannot be listened on."""


class BundleError(StartError):
    """A bundle is missing, damaged or not one."""


class EngineLoadError(StartError):
    """A sound bundle cannot be run here."""


class CallError(BriefdError):
    """A call ends without an answer.

    Attributes:
        reason: the machine-readable one of the contract.
        metadata: what of the message varies and programs may want, under the contract's names.
    """

    def __init__(self, reason: str, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.metadata = metadata or {}


class RequestError(CallError):
    """The request asks for something that no daemon does."""


class NotServedError(CallError):
    """The request names a bundle or a variant that this daemon does not serve."""


class WrongTaskError(CallError):
    """The request is for another task than the one that this daemon's bundle was made for."""

    def __init__(self, bundle_name: str, task: str, asked: str) -> None:
        super().__init__(
            "TASK_NOT_SERVED",
            f"this daemon serves the bundle {bundle_name}, which is there to {task} texts, not to {asked} them; "
            f"ask it to {task}, or start a daemon with another bundle: briefd serve --bundle DIR_OR_NAME",
        )


class NoConfidenceError(CallError):
    """The request has a bound on the confidence, and the engine that answered gives none."""

    def __init__(self) -> None:
        super().__init__(
            "CONFIDENCE_NOT_SERVED",
            "the bundle that answered gives no confidence; ask without min_confidence, or start a daemon with a "
            "bundle that has a proof-reader: briefd serve --bundle DIR_OR_NAME",
        )


class LowConfidenceError(CallError):
    """The summary's confidence is below the request's bound; both are from 0 to 1."""

    def __init__(self, confidence: float, min_confidence: float) -> None:
        # Rounded down: 0.8999 must not be told as 0.9, below 0.9.
        shown = confidence * 1000 // 1 / 1000
        super().__init__(
            "LOW_CONFIDENCE",
            f"the summary's confidence is {shown:g}, below the asked {min_confidence:g}; "
            "read the text itself, or ask for a lower min_confidence",
            {"confidence": repr(confidence), "minConfidence": repr(min_confidence)},
        )


class QueueFullError(CallError):
    """As many calls wait as may; `retry_seconds` tells when the next is likely to be admitted."""

    def __init__(self, retry_seconds: float) -> None:
        super().__init__("QUEUE_FULL", "the queue is full; try again after the delay given with this status")
        self.retry_seconds = retry_seconds


class DeadlineError(CallError):
    """The call's deadline passed before its answer was there."""

    def __init__(self) -> None:
        super().__init__("DEADLINE_PASSED", "the deadline passed before the answer was there; allow the call more time")


class CancelledCallError(CallError):
    """The caller went away."""

    def __init__(self) -> None:
        super().__init__("CALL_CANCELLED", "the call was cancelled")


class ShuttingDownError(CallError):
    """The daemon is draining."""

    def __init__(self) -> None:
        super().__init__("SHUTTING_DOWN", "the daemon is shutting down; call again once it is back")


class EngineError(CallError):
    """The engine failed; the message is fixed, since an exception's own may quote the text."""

    def __init__(self) -> None:
        super().__init__(
            "ENGINE_FAILED", "the engine failed on this text; the daemon's log says where, under this call's request id"
        )
