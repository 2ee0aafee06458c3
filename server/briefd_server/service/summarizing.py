"""The `Summarize` call: a request in, its place in the queue, its events out."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
import time
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from briefd.v1 import briefd_pb2
from briefd_server.admission import Admission, Place
from briefd_server.call import Call
from briefd_server.engines.base import CallStopped
from briefd_server.errors import CancelledCallError, DeadlineError, ShuttingDownError
from briefd_server.metering.totals import LatencyWindow, Totals
from briefd_server.service.messages import VARIANTS, result_message, usage_message
from briefd_server.service.requests import Order, read_order
from briefd_server.service.status import guarded
from briefd_server.worker import Answer, Worker

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle
    from briefd_server.metering.base import Meter
    from briefd_server.service.status import Context

_LOGGER = logging.getLogger(__name__)


class _Due(Enum):
    """What is to be said when its turn comes: the chunks that came together by then, or what the call used so far."""

    CHUNKS = auto()
    SAMPLE = auto()


# What happens to a call: something is due, its answer, or its failure.
_Event = _Due | Answer | BaseException


@dataclass(slots=True)
class Ledger:
    """What was done: sums over the daemon's life, and the service times of the last minutes."""

    totals: Totals = field(default_factory=Totals)
    latency: LatencyWindow = field(default_factory=LatencyWindow)


class Summarizing:
    """Serves `Summarize`. Lives on the loop's thread."""

    def __init__(
        self, *, bundle: Bundle, admission: Admission[Worker], meter: Meter, max_text_bytes: int, ledger: Ledger
    ) -> None:
        self._bundle = bundle
        self._admission = admission
        self._meter = meter
        self._max_text_bytes = max_text_bytes
        self._ledger = ledger
        self._request_ids = map("{}-{}".format, itertools.repeat(secrets.token_hex(3)), itertools.count(1))
        self._running: set[_Running] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def summarize(self, data: bytes, context: Context) -> None:
        """Serve one call; the contract says what is written, and with which statuses it can end."""
        request_id = next(self._request_ids)
        work = self._summarize(data, context, request_id)
        await guarded(work, context, request_id, partial(self._record, request_id))

    async def drain(self, grace_seconds: float) -> None:
        """Refuse new calls and wait until the others are done; those that are not in time end as `SHUTTING_DOWN`."""
        self._admission.close()
        if not self._running:
            return
        try:
            await asyncio.wait_for(self._is_idle.wait(), grace_seconds)
        except asyncio.TimeoutError:
            _LOGGER.warning("%s calls were not done within %s s and are ended", len(self._running), grace_seconds)
            self.abandon()

    def abandon(self) -> None:
        """End every call at once."""
        for running in self._running:
            running.fail(ShuttingDownError())

    async def _summarize(self, data: bytes, context: Context, request_id: str) -> None:
        order = read_order(data, self._bundle, self._max_text_bytes)
        running = _Running(order, self._admission, self._meter, context)
        self._enter(running)
        try:
            await self._converse(running, request_id)
        finally:
            running.leave()
            self._exit(running)

    async def _converse(self, running: _Running, request_id: str) -> None:
        position = running.enter()
        accepted = briefd_pb2.Accepted(
            request_id=request_id,
            bundle_digest=self._bundle.digest,
            variant=VARIANTS[running.order.variant],
            queue_position=position,
        )
        await running.write(briefd_pb2.SummarizeResponse(accepted=accepted))
        answer = await running.follow()
        usage = answer.usage
        usage.total_seconds = running.call.age_seconds
        await running.write(briefd_pb2.SummarizeResponse(result=result_message(answer.summary, usage)))
        self._ledger.totals.add_summary(answer.words_read, answer.summary.word_count, usage)
        self._ledger.latency.add(usage.total_seconds)

    def _record(self, request_id: str, outcome: str) -> None:
        self._ledger.totals.call_count_by_outcome[outcome] += 1
        _LOGGER.log(logging.DEBUG if outcome == "OK" else logging.INFO, "call %s: %s", request_id, outcome)

    def _enter(self, running: _Running) -> None:
        self._running.add(running)
        self._is_idle.clear()

    def _exit(self, running: _Running) -> None:
        self._running.discard(running)
        if not self._running:
            self._is_idle.set()


class _Running:
    """One `Summarize` call and everything that happens to it, in one queue of events."""

    def __init__(self, order: Order, admission: Admission[Worker], meter: Meter, context: Context) -> None:
        self.order = order
        self._admission = admission
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[_Event] = asyncio.Queue()
        self._chunks: list[str] = []
        self._sequence_numbers = itertools.count()
        self._sample_timer: asyncio.TimerHandle | None = None
        remaining_seconds = context.time_remaining()
        self.call = Call(
            order.task,
            order.variant,
            meter=meter,
            emit=self._emit,
            deadline_seconds=None if remaining_seconds is None else time.monotonic() + remaining_seconds,
        )
        self._place = Place(self._start, lambda: self.call.is_late, lambda: self.fail(DeadlineError()))

    def enter(self) -> int:
        """Take a place in the queue; returns how many calls are ahead."""
        position = self._admission.admit(self._place)
        self._await_sample()
        return position

    def leave(self) -> None:
        """Give up the place or stop the work, if either is still there."""
        if self._sample_timer:
            self._sample_timer.cancel()
        self._admission.leave(self._place)
        self.call.stop()

    def fail(self, error: BaseException) -> None:
        """End the call with an error."""
        self._events.put_nowait(error)

    async def follow(self) -> Answer:
        """Pass on chunks and samples until the answer is there.

        Raises:
            CallError: the call ends without an answer.

        """
        while True:
            event = await self._events.get()
            if isinstance(event, Answer):
                return event
            if event is _Due.CHUNKS:
                text = "".join(self._chunks)
                self._chunks.clear()
                await self.write(briefd_pb2.SummarizeResponse(chunk=briefd_pb2.Chunk(text=text)))
            elif event is _Due.SAMPLE:
                await self.write(briefd_pb2.SummarizeResponse(sample=usage_message(self.call.usage())))
                self._await_sample()
            elif isinstance(event, CallStopped):
                raise DeadlineError if self.call.is_late else CancelledCallError
            else:
                raise event

    async def write(self, response: briefd_pb2.SummarizeResponse) -> None:
        """Send the next event."""
        response.sequence_number = next(self._sequence_numbers)
        await self._context.write(response)

    def _emit(self, chunk: str) -> None:
        self._loop.call_soon_threadsafe(self._take_chunk, chunk)

    def _take_chunk(self, chunk: str) -> None:
        if not self._chunks:
            self._events.put_nowait(_Due.CHUNKS)
        self._chunks.append(chunk)

    def _start(self, worker: Worker) -> None:
        worker.submit(self.call).add_done_callback(partial(self._finish, worker, time.monotonic()))

    def _finish(self, worker: Worker, start_seconds: float, done: asyncio.Future[Answer]) -> None:
        if not done.cancelled():
            error = done.exception()
            self._events.put_nowait(done.result() if error is None else error)
        self._admission.release(worker, time.monotonic() - start_seconds)

    def _await_sample(self) -> None:
        if self.order.sample_seconds is not None:
            self._sample_timer = self._loop.call_later(self.order.sample_seconds, self._events.put_nowait, _Due.SAMPLE)
