"""Everything that can go wrong for a caller, as one tree; the daemon's own reasons keep the daemon's words.

    BriefdError
    ├── RequestError            it cannot be done as asked: asking again will not help
    │   ├── TextError           EMPTY_TEXT, TEXT_WITHOUT_WORDS, TEXT_TOO_LARGE, TEXT_HAS_NUL, MALFORMED_REQUEST
    │   ├── OptionError         LENGTH_OUT_OF_RANGE, MIN_CONFIDENCE_OUT_OF_RANGE, LABEL_COUNT_OUT_OF_RANGE,
    │   │                       SAMPLE_INTERVAL_OUT_OF_RANGE, UNKNOWN_VARIANT
    │   └── NotServedError      UNKNOWN_BUNDLE, VARIANT_NOT_IN_BUNDLE, CONFIDENCE_NOT_SERVED
    │       └── WrongTaskError  TASK_NOT_SERVED: the daemon summarizes and was asked to classify, or the reverse
    ├── LowConfidenceError      LOW_CONFIDENCE; `confidence` is what was reached
    ├── QueueFullError          QUEUE_FULL; `retry_after_seconds` is the daemon's hint
    ├── DeadlineError           DEADLINE_PASSED
    ├── CancelledCallError      CALL_CANCELLED
    ├── UnavailableError        UNREACHABLE: no daemon answers at the address
    │   └── ShuttingDownError   SHUTTING_DOWN
    ├── EngineError             ENGINE_FAILED
    ├── UnexpectedAnswerError   UNEXPECTED_ANSWER: what answers is no briefd, or not of this version
    ├── MisplacedClientError    OTHER_EVENT_LOOP, FORKED: an `AsyncClient` where it cannot work
    └── ClosedClientError       CLIENT_CLOSED

`reason` is stable and made for programs; the message is one line for people that states the fix. Neither ever holds the
text that was sent. A reason that this version does not know (from a newer daemon) is kept in `reason`, under the class
that its gRPC status belongs to.
"""

from __future__ import annotations


class BriefdError(Exception):
    """Anything that the client reports on purpose.

    Attributes:
        reason: Why, in capitals, as the daemon said it or as listed in this module's docstring.
        retry_after_seconds: How long to wait before asking again; `None` where nobody knows.
    """

    reason = "UNKNOWN"
    retry_after_seconds: float | None = None

    def __init__(self, message: str, *, reason: str | None = None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class RequestError(BriefdError):
    """It cannot be done as asked: asking the same again will not help."""

    reason = "MALFORMED_REQUEST"


class TextError(RequestError):
    """The text cannot be read: it is empty, too large or not text."""


class OptionError(RequestError):
    """A length, a confidence, a number of labels, an interval or a variant is out of range."""


class NotServedError(RequestError):
    """The daemon does not serve the bundle or the variant that was asked for, or its bundle gives no confidence."""


class WrongTaskError(NotServedError):
    """The daemon's bundle was made for another task: to summarize where it was asked to classify, or the reverse."""

    reason = "TASK_NOT_SERVED"


class LowConfidenceError(BriefdError):
    """There is no summary of this text that is as certain as was asked.

    Attributes:
        confidence: What was reached, from 0 to 1; `None` where the daemon did not say.
    """

    reason = "LOW_CONFIDENCE"
    confidence: float | None = None


class QueueFullError(BriefdError):
    """As many calls wait as may, and the timeout left no room to try again."""

    reason = "QUEUE_FULL"


class DeadlineError(BriefdError):
    """The answer was not there within the timeout."""

    reason = "DEADLINE_PASSED"


class CancelledCallError(BriefdError):
    """The call was cancelled, by closing the client or by the daemon."""

    reason = "CALL_CANCELLED"


class UnavailableError(BriefdError):
    """No daemon answers at the address, or the connection was lost."""

    reason = "UNREACHABLE"


class ShuttingDownError(UnavailableError):
    """The daemon is finishing its last calls and takes no new ones."""

    reason = "SHUTTING_DOWN"


class EngineError(BriefdError):
    """The model failed on this text; the daemon's log says where."""

    reason = "ENGINE_FAILED"


class UnexpectedAnswerError(BriefdError):
    """What answers at the address is no briefd, or not of this version."""

    reason = "UNEXPECTED_ANSWER"


class MisplacedClientError(BriefdError):
    """An `AsyncClient` is used on a second event loop, or in a child of a process where one had connected."""

    reason = "OTHER_EVENT_LOOP"


class ClosedClientError(BriefdError):
    """The client was closed before this call."""

    reason = "CLIENT_CLOSED"


# The class of each reason of the contract (see `SummarizerService` in briefd.proto).
CLASS_BY_REASON: dict[str, type[BriefdError]] = {
    "EMPTY_TEXT": TextError,
    "TEXT_WITHOUT_WORDS": TextError,
    "TEXT_TOO_LARGE": TextError,
    "TEXT_HAS_NUL": TextError,
    "MALFORMED_REQUEST": TextError,
    "LENGTH_OUT_OF_RANGE": OptionError,
    "MIN_CONFIDENCE_OUT_OF_RANGE": OptionError,
    "LABEL_COUNT_OUT_OF_RANGE": OptionError,
    "SAMPLE_INTERVAL_OUT_OF_RANGE": OptionError,
    "UNKNOWN_VARIANT": OptionError,
    "UNKNOWN_BUNDLE": NotServedError,
    "VARIANT_NOT_IN_BUNDLE": NotServedError,
    "CONFIDENCE_NOT_SERVED": NotServedError,
    "TASK_NOT_SERVED": WrongTaskError,
    "LOW_CONFIDENCE": LowConfidenceError,
    "QUEUE_FULL": QueueFullError,
    "DEADLINE_PASSED": DeadlineError,
    "CALL_CANCELLED": CancelledCallError,
    "SHUTTING_DOWN": ShuttingDownError,
    "ENGINE_FAILED": EngineError,
}
