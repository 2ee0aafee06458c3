"""The client for programs on an event loop: `AsyncClient`."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc

from briefd.v1 import briefd_pb2 as pb
from briefd.v1.briefd_pb2_grpc import SummarizerServiceStub
from briefd_client.calls import (
    DEFAULT_TIMEOUT_SECONDS,
    END_SECONDS,
    AnswerT,
    CallSettings,
    CallState,
    closed_client,
    final_result,
    method_for,
)
from briefd_client.channel import channel_options, resolve_address
from briefd_client.errors import MisplacedClientError
from briefd_client.failures import cancelled_call
from briefd_client.forking import check_not_forked, is_broken, note_connected
from briefd_client.messages import classify_request, health_report_of, summarize_request
from briefd_client.retry import DEFAULT_RETRY, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from types import TracebackType

    from briefd.v1.briefd_pb2_grpc import SummarizerServiceAsyncStub
    from briefd_client.messages import Request
    from briefd_client.results import (
        Accepted,
        Chunk,
        ClassificationResult,
        ClassifyEvent,
        Event,
        HealthReport,
        Result,
        Sample,
        SummaryResult,
        Variant,
    )


class AsyncClient:
    """Asks a daemon without blocking the event loop; otherwise as `Client`. One client belongs to one event loop.

    async with AsyncClient() as client:
        print((await client.summarize(text)).summary)
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        retry: RetryPolicy = DEFAULT_RETRY,
    ) -> None:
        """Make a client; it may be made before the event loop runs. Arguments and errors are those of `Client`."""
        self._settings = CallSettings(resolve_address(address), timeout_seconds, retry)
        self._channel: grpc.aio.Channel | None = None
        self._stub: SummarizerServiceAsyncStub | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._calls: set[grpc.aio.Call] = set()
        self._is_closed = False

    async def summarize(  # noqa: PLR0913 - one argument a field of the request
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
        """Summarize one text in one sentence, or in up to two; arguments and errors are those of `Client.summarize`."""
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
        events: AsyncGenerator[Event, None] = self._events(
            request, self._settings.start_call(timeout_seconds, hands_over_events=False)
        )
        return await _final_result(events)

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
    ) -> AsyncGenerator[Event, None]:
        """Summarize one text, and tell what happens meanwhile; arguments and errors are those of `Client.stream`.

        A loop that may be left early cancels the call at once where it runs inside `contextlib.aclosing`.
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

    async def classify(
        self,
        text: str,
        *,
        label_count: int | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        timeout_seconds: float | None = None,
    ) -> ClassificationResult:
        """Tell which label one text belongs under; arguments and errors are those of `Client.classify`."""
        request = classify_request(
            text, label_count=label_count, bundle=bundle, variant=variant, sample_interval_seconds=None
        )
        events: AsyncGenerator[ClassifyEvent, None] = self._events(
            request, self._settings.start_call(timeout_seconds, hands_over_events=False)
        )
        return await _final_result(events)

    def classify_stream(
        self,
        text: str,
        *,
        label_count: int | None = None,
        bundle: str = "",
        variant: Variant | None = None,
        sample_interval_seconds: float | None = None,
        timeout_seconds: float | None = None,
    ) -> AsyncGenerator[ClassifyEvent, None]:
        """Classify one text, and tell what happens meanwhile; as `Client.classify_stream`, with what `stream` says."""
        request = classify_request(
            text,
            label_count=label_count,
            bundle=bundle,
            variant=variant,
            sample_interval_seconds=sample_interval_seconds,
        )
        return self._events(request, self._settings.start_call(timeout_seconds))

    async def health(self, *, timeout_seconds: float | None = None) -> HealthReport:
        """Ask how the daemon is; arguments and errors are those of `Client.health`."""
        call = self._settings.start_call(timeout_seconds)
        while True:
            response = self._open_stub().Health(pb.HealthRequest(), timeout=call.remaining_seconds())
            try:
                with self._running(response):
                    return health_report_of(await response)
            except grpc.RpcError as error:
                pause_seconds = call.pause_after(error)
            await asyncio.sleep(pause_seconds)

    async def close(self) -> None:
        """Cancel what is running and disconnect; may be called again."""
        self._is_closed = True
        if is_broken():
            return  # closing would wait for ever as well; the connection is the parent's
        for call in tuple(self._calls):
            call.cancel()
        if self._channel is not None:
            await self._channel.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def _events(self, request: Request, call: CallState) -> AsyncGenerator[Any, None]:
        """Ask, and yield the events of the method that takes the request."""
        call.begin(request)
        while True:
            responses = method_for(request, self._open_stub())(request, timeout=call.remaining_seconds())
            try:
                with self._running(responses):
                    while not call.has_result and (response := await responses.read()) is not grpc.aio.EOF:
                        for event in call.receive(response):
                            yield event
                    if call.has_result:
                        await _await_end(responses, call)
            except grpc.RpcError as error:
                pause_seconds = call.pause_after(error)
            else:
                call.finish()
                return
            await asyncio.sleep(pause_seconds)

    @contextmanager
    def _running(self, call: grpc.aio.Call) -> Iterator[None]:
        """While inside, `close` ends the call with an error of its own: gRPC would seem to cancel the caller's task.

        Leaving ends the call in any case.
        """
        self._calls.add(call)
        try:
            yield
        except asyncio.CancelledError:
            if self._is_closed:
                raise cancelled_call() from None
            raise
        finally:
            self._calls.discard(call)
            call.cancel()

    def _open_stub(self) -> SummarizerServiceAsyncStub:
        """Return the stub; the channel binds to the event loop that runs when it is made, so it is made here.

        Raises:
            ClosedClientError: this client was closed.
            MisplacedClientError: the channel is of another loop, or of the process that this one was forked from.
        """
        if self._is_closed:
            raise closed_client()
        check_not_forked()
        loop = asyncio.get_running_loop()
        if self._loop not in {None, loop}:
            raise MisplacedClientError("this client was first used on another event loop; make one for each loop")
        if self._stub is None:
            self._loop = loop
            note_connected()
            address = self._settings.address
            self._channel = grpc.aio.insecure_channel(address.target, options=channel_options(address))
            self._stub = SummarizerServiceStub(self._channel)
        return self._stub


async def _final_result(events: AsyncGenerator[Accepted | Chunk | Sample | Result[AnswerT], None]) -> AnswerT:
    """Return the answer out of a call's events, of which only the last is kept."""
    last: deque[Accepted | Chunk | Sample | Result[AnswerT]] = deque(maxlen=1)
    async for event in events:
        last.append(event)
    return final_result(last)


async def _await_end(responses: Any, call: CallState) -> None:
    """Wait for the end of a stream whose result is there, but not for long; however it ends, the result stands.

    Raises:
        UnexpectedAnswerError: something else comes.
    """
    try:
        response = await asyncio.wait_for(responses.read(), END_SECONDS)
    except (asyncio.TimeoutError, grpc.RpcError):
        return
    if response is not grpc.aio.EOF:
        call.receive(response)
