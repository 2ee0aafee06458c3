"""The core that both faces share: what one call has seen so far, and what it does next."""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from briefd.v1 import briefd_pb2 as pb
from briefd_client.errors import ClosedClientError, UnexpectedAnswerError
from briefd_client.failures import failure_of
from briefd_client.messages import event_of
from briefd_client.results import Chunk, Result
from briefd_client.retry import RetryPolicy, pause_before_retry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import grpc

    from briefd.address import Address
    from briefd_client.messages import Request, Response
    from briefd_client.results import Accepted, ClassifyEvent, Event, Sample

AnswerT = TypeVar("AnswerT")

DEFAULT_TIMEOUT_SECONDS = 120.0
"""Long enough for the longest text that a daemon accepts, on the slowest device it is made for."""
END_SECONDS = 1.0
"""How long the end of a stream is waited for once its result is there."""
# Sixty words of a thousand characters each. A summary of the text's own words may be longer, if they are.
_LONGEST_SUMMARY = 60_000


class CallState:
    """One call of a client, over all its tries; made for one thread or task."""

    def __init__(
        self,
        *,
        address: Address,
        timeout_seconds: float,
        policy: RetryPolicy,
        hands_over_events: bool = True,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Start the call's clock; `hands_over_events` says that whoever asks sees each event as it comes.

        Raises:
            ValueError: the timeout is not a positive, finite number.
        """
        if not (timeout_seconds > 0 and math.isfinite(timeout_seconds)):
            raise ValueError(f"timeout_seconds must be a number above 0, not {timeout_seconds!r}")
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._policy = policy
        self._hands_over_events = hands_over_events
        self._clock = clock
        self._jitter = jitter
        self._deadline = clock() + timeout_seconds
        self._failures: Counter[tuple[str, bool]] = Counter()
        self._has_received = False
        self._chunk_length = 0
        self._longest_summary = _LONGEST_SUMMARY
        self._last_event: Event | ClassifyEvent | None = None

    def remaining_seconds(self) -> float:
        """Tell how long the call may still take, 0 at least."""
        return max(0.0, self._deadline - self._clock())

    def begin(self, request: Request) -> None:
        """Note what is asked, which bounds what can be answered."""
        self._longest_summary = _LONGEST_SUMMARY + 2 * len(request.text)

    def receive(self, response: Response) -> tuple[Event | ClassifyEvent, ...]:
        """Take one message of the stream: one event, or none where only newer clients know its kind.

        Raises:
            UnexpectedAnswerError: something comes after the result, or more text than any summary has.
        """
        self._has_received = True
        event = event_of(response)
        if event is None:
            return ()
        if self.has_result:
            raise UnexpectedAnswerError(f"what answers at {self._address} goes on after its result; check its version")
        if isinstance(event, Chunk):
            self._chunk_length += len(event.text)
            if self._chunk_length > self._longest_summary:
                raise UnexpectedAnswerError(f"what answers at {self._address} sends no end of text; check its version")
        self._last_event = event
        return (event,)

    @property
    def has_result(self) -> bool:
        """Whether the answer is there, and only the stream's end is missing."""
        return isinstance(self._last_event, Result)

    def finish(self) -> None:
        """Take the stream's regular end.

        Raises:
            UnexpectedAnswerError: there was no result.
        """
        if not self.has_result:
            raise UnexpectedAnswerError(f"what answers at {self._address} sent no result; check its version")

    def pause_after(self, error: grpc.RpcError) -> float:
        """Take a failed try, and tell how many seconds to wait before the next one.

        Raises:
            BriefdError: the failure is final; it is `error` in the words of this package.
        """
        failure = failure_of(error, address=self._address, timeout_seconds=self._timeout_seconds)
        is_lost = self._has_received
        self._has_received = False  # by the next try
        self._chunk_length = 0
        self._failures[failure.reason, is_lost] += 1
        pause_seconds = None
        if not (is_lost and self._hands_over_events):
            pause_seconds = pause_before_retry(
                failure,
                policy=self._policy,
                failure_count=self._failures[failure.reason, is_lost],
                is_lost=is_lost,
                remaining_seconds=self.remaining_seconds(),
                jitter=self._jitter(),
            )
        if pause_seconds is None:
            raise failure from error
        return pause_seconds


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What a client was made with: the start of each of its calls."""

    address: Address
    timeout_seconds: float
    policy: RetryPolicy

    def start_call(self, timeout_seconds: float | None, *, hands_over_events: bool = True) -> CallState:
        """Start the clock of one call; `None` means the client's own timeout, the rest is as in `CallState`.

        Raises:
            ValueError: the timeout is not a positive, finite number.
        """
        return CallState(
            address=self.address,
            timeout_seconds=self.timeout_seconds if timeout_seconds is None else timeout_seconds,
            policy=self.policy,
            hands_over_events=hands_over_events,
        )


def final_result(events: Sequence[Accepted | Chunk | Sample | Result[AnswerT]]) -> AnswerT:
    """Return the answer out of all events of a call that ended well; `CallState.finish` saw to it that it is there.

    Events of tries that were lost come before those of the last.
    """
    return cast("Result[AnswerT]", events[-1]).result


def method_for(request: Request, stub: Any) -> Any:
    """Return the method of a stub, of either face, that takes a request."""
    return stub.Classify if isinstance(request, pb.ClassifyRequest) else stub.Summarize


def closed_client() -> ClosedClientError:
    """Return what a call on a closed client raises."""
    return ClosedClientError("this client was closed; make a new one")
