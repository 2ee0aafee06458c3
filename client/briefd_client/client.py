"""The client for programs that wait: `Client`."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import grpc

from briefd.v1 import briefd_pb2 as pb
from briefd.v1.briefd_pb2_grpc import SummarizerServiceStub
from briefd_client.calls import (
    DEFAULT_TIMEOUT_SECONDS,
    END_SECONDS,
    CallSettings,
    CallState,
    closed_client,
    final_result,
    method_for,
)
from briefd_client.channel import channel_options, resolve_address
from briefd_client.end_watch import EndWatch
from briefd_client.messages import classify_request, health_report_of, summarize_request
from briefd_client.retry import DEFAULT_RETRY, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from briefd_client.messages import Request
    from briefd_client.results import (
        ClassificationResult,
        ClassifyEvent,
        Event,
        HealthReport,
        SummaryResult,
        Variant,
    )

_END_WATCH = EndWatch(END_SECONDS)


class Client:
    """Asks a daemon, and waits for its answers. One client may be used from many threads; it connects when first used.

        with Client() as client:
            print(client.summarize(text).summary)

    A call that finds the queue full is tried again when the daemon's hint says so, as long as its timeout allows; one
    that finds no daemon is tried again twice. A call that a daemon had taken is not repeated, unless `retry` says so.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retry: RetryPolicy = DEFAULT_RETRY,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            address: `unix:PATH` or `HOST:PORT`. `None`: where the daemon listens by default for this user.
            timeout_seconds: Longest time that a call may take, with all its tries; each call may set its own.
            retry: Which failures are worth another try; `NO_RETRY` for none.

        Raises:
            briefd.address.AddressError: the address is neither form.
        """
        where = resolve_address(address)
        self._settings = CallSettings(where, timeout_seconds, retry)
        self._channel = grpc.insecure_channel(where.target, options=channel_options(where))
        self._stub = SummarizerServiceStub(self._channel)
        self._closed = threading.Event()

    def summarize(  # noqa: PLR0913 - one argument a field of the request
        self,
        text: str,
        *,
        min_words: int = 10,
        max_words: int = 15,
        explain: bool = False,
        min_confidence: float | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        timeout_seconds: float | None = None,
    ) -> SummaryResult:
        """Summarize one text in one sentence, or in up to two.

        Args:
            text: The text, with at least one word; how long it may be, `health().limits` tells.
            min_words: Fewest words of the summary, 3 to 60.
            max_words: Most words of the summary, `min_words` to 60; above 20 it is up to two whole sentences.
            explain: Whether `SummaryResult.explanation` is wanted.
            min_confidence: The least `SummaryResult.confidence` that you take, 0 to 1; below it `LowConfidenceError` is
                raised, and `NotServedError` where the bundle gives no confidence. `None`: no bound.
            bundle: Name or digest of the bundle that is to answer. Empty: the active one.
            variant: Form of the model that is to answer. `None`: the optimized one.
            timeout_seconds: Longest time that the call may take. `None`: the client's.

        Raises:
            BriefdError: there is no answer; see `briefd_client.errors`.
        """
        request = summarize_request(
            text,
            min_words=min_words,
            max_words=max_words,
            explain=explain,
            min_confidence=min_confidence,
            bundle=bundle,
            variant=variant,
            sample_interval_seconds=None,
        )
        events: Generator[Event, None, None] = self._events(
            request, self._settings.start_call(timeout_seconds, hands_over_events=False)
        )
        return final_result(deque(events, maxlen=1))

    def stream(  # noqa: PLR0913 - one argument a field of the request
        self,
        text: str,
        *,
        min_words: int = 10,
        max_words: int = 15,
        explain: bool = False,
        min_confidence: float | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        sample_interval_seconds: float | None = None,
        timeout_seconds: float | None = None,
    ) -> Generator[Event, None, None]:
        """Summarize one text, and tell what happens meanwhile.

        The call begins with the first `next`; closing the iterator early, or dropping it, cancels the call. Arguments
        that `summarize` has too mean the same.

        Args:
            text: The text.
            min_words: Fewest words.
            max_words: Most words.
            explain: Whether the result is to be explained.
            min_confidence: The least confidence that you take; no `Chunk` comes before it is known and high enough.
            bundle: Bundle that is to answer.
            variant: Form of the model that is to answer.
            sample_interval_seconds: How often a `Sample` is wanted, 0.01 to 60 s. `None`: never.
            timeout_seconds: Longest time from now to the last event. `None`: the client's.

        Returns:
            One `Accepted`, any number of `Sample`s and `Chunk`s, and one `Result`, always last.

        Raises:
            BriefdError: there is no answer; raised by the iterator, or at once where the arguments fit into no message.
        """
        request = summarize_request(
            text,
            min_words=min_words,
            max_words=max_words,
            explain=explain,
            min_confidence=min_confidence,
            bundle=bundle,
            variant=variant,
            sample_interval_seconds=sample_interval_seconds,
        )
        return self._events(request, self._settings.start_call(timeout_seconds))

    def classify(
        self,
        text: str,
        *,
        label_count: int | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        timeout_seconds: float | None = None,
    ) -> ClassificationResult:
        """Tell which label one text belongs under.

        Arguments that `summarize` has too mean the same.

        Args:
            text: The text, with at least one word; all of it is read.
            label_count: How many labels are wanted, the most probable ones, 1 to 1024. `None`: all.
            bundle: Bundle that is to answer.
            variant: Form of the model that is to answer.
            timeout_seconds: Longest time that the call may take. `None`: the client's.

        Raises:
            BriefdError: there is no answer; see `briefd_client.errors`.
        """
        request = classify_request(
            text, label_count=label_count, bundle=bundle, variant=variant, sample_interval_seconds=None
        )
        events: Generator[ClassifyEvent, None, None] = self._events(
            request, self._settings.start_call(timeout_seconds, hands_over_events=False)
        )
        return final_result(deque(events, maxlen=1))

    def classify_stream(
        self,
        text: str,
        *,
        label_count: int | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        sample_interval_seconds: float | None = None,
        timeout_seconds: float | None = None,
    ) -> Generator[ClassifyEvent, None, None]:
        """Classify one text, and tell what happens meanwhile; as `stream` does, with the arguments of `classify`.

        Returns:
            One `Accepted`, any number of `Sample`s, and one `Result`, always last.

        Raises:
            BriefdError: there is no answer; raised by the iterator, or at once where the arguments fit into no message.
        """
        request = classify_request(
            text,
            label_count=label_count,
            bundle=bundle,
            variant=variant,
            sample_interval_seconds=sample_interval_seconds,
        )
        return self._events(request, self._settings.start_call(timeout_seconds))

    def health(self, *, timeout_seconds: float | None = None) -> HealthReport:
        """Ask how the daemon is; never queued.

        Args:
            timeout_seconds: Longest time that the call may take. `None`: the client's.

        Raises:
            BriefdError: there is no answer; see `briefd_client.errors`.
        """
        call = self._settings.start_call(timeout_seconds)
        while True:
            try:
                return health_report_of(self._stub.Health(pb.HealthRequest(), timeout=call.remaining_seconds()))
            except grpc.RpcError as error:
                pause_seconds = call.pause_after(error)
            except ValueError:  # the channel's way to say that it was closed
                raise closed_client() from None
            self._closed.wait(pause_seconds)

    def close(self) -> None:
        """Cancel what is running and disconnect; may be called again, and from any thread."""
        self._closed.set()
        self._channel.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _events(self, request: Request, call: CallState) -> Generator[Any, None, None]:
        """Ask, and yield the events of the method that takes the request."""
        call.begin(request)
        ask = method_for(request, self._stub)
        while True:
            try:
                responses = ask(request, timeout=call.remaining_seconds())
            except ValueError:  # the channel's way to say that it was closed
                raise closed_client() from None
            try:
                for response in responses:
                    yield from call.receive(response)
                    if call.has_result:
                        _END_WATCH.expect_end(responses)
            except grpc.RpcError as error:
                if call.has_result:  # however the stream ends, the result stands
                    return None
                pause_seconds = call.pause_after(error)
            else:
                return call.finish()
            finally:
                _END_WATCH.forget(responses)
                responses.cancel()
            self._closed.wait(pause_seconds)
