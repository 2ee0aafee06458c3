"""One call of a method that asks the model: its place in the queue, its work, and what is said of it, in order."""

from __future__ import annotations

import asyncio
import itertools
import time
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from briefd.v1 import briefd_pb2
from briefd_server.admission import Admission, Place
from briefd_server.call import Call
from briefd_server.engines.base import CallStopped
from briefd_server.errors import CancelledCallError, DeadlineError
from briefd_server.service.messages import usage_message
from briefd_server.worker import Answer, Worker

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from briefd_server.metering.base import Meter
    from briefd_server.service.methods import Method
    from briefd_server.service.requests import Order
    from briefd_server.service.status import Context


class _Due(Enum):
    """What is to be said when its turn comes: the chunks that came together by then, or what the call used so far."""

    CHUNKS = auto()
    SAMPLE = auto()


ResultT = TypeVar("ResultT")


class Conversation(Generic[ResultT]):
    """A call and everything that happens to it, in one queue of events. Lives on the loop's thread."""

    def __init__(
        self,
        method: Method[ResultT],
        order: Order[ResultT],
        admission: Admission[Worker],
        meter: Meter,
        context: Context,
    ) -> None:
        self.method = method
        self.order = order
        self._admission = admission
        self._context = context
        self._loop = asyncio.get_running_loop()
        # Something is due, the call's answer, or its failure.
        self._events: asyncio.Queue[_Due | Answer[ResultT] | BaseException] = asyncio.Queue()
        self._chunks: list[str] = []
        self._withholds_chunks = method.withholds(order.task)
        self._sent_length = 0
        self._sequence_numbers = itertools.count()
        self._sample_timer: asyncio.TimerHandle | None = None
        remaining_seconds = context.time_remaining()
        self.call = Call(
            order.task,
            order.form,
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

    async def follow(self) -> Answer[ResultT]:
        """Pass on chunks and samples until the answer is there, and is one that the caller takes.

        Raises:
            CallError: the call ends without an answer.

        """
        while True:
            event = await self._events.get()
            if isinstance(event, Answer):
                self.method.check(self.order.task, event.result)
                await self._write_chunk(self.method.text_of(event.result)[self._sent_length :])
                return event
            if event is _Due.CHUNKS:
                text = "".join(self._chunks)
                self._chunks.clear()
                await self._write_chunk(text)
            elif event is _Due.SAMPLE:
                await self.write(sample=usage_message(self.call.usage()))
                self._await_sample()
            elif isinstance(event, CallStopped):
                raise DeadlineError if self.call.is_late else CancelledCallError
            else:
                raise event

    async def write(self, **event: Message) -> None:
        """Send the next event, which has one name and what it says."""
        await self._context.write(self.method.response(sequence_number=next(self._sequence_numbers), **event))

    async def _write_chunk(self, text: str) -> None:
        if text:
            self._sent_length += len(text)
            await self.write(chunk=briefd_pb2.Chunk(text=text))

    def _emit(self, chunk: str) -> None:
        if self._withholds_chunks:
            return  # what was not sent by then, `follow` sends with the answer
        self._loop.call_soon_threadsafe(self._take_chunk, chunk)

    def _take_chunk(self, chunk: str) -> None:
        if not self._chunks:
            self._events.put_nowait(_Due.CHUNKS)
        self._chunks.append(chunk)

    def _start(self, worker: Worker) -> None:
        worker.submit(self.call).add_done_callback(partial(self._finish, worker, time.monotonic()))

    def _finish(self, worker: Worker, start_seconds: float, done: asyncio.Future[Answer[ResultT]]) -> None:
        error = done.exception()
        self._events.put_nowait(error or done.result())
        # Only answered calls tell how long one takes.
        self._admission.release(worker, None if error else time.monotonic() - start_seconds)

    def _await_sample(self) -> None:
        if self.order.sample_seconds is not None:
            self._sample_timer = self._loop.call_later(self.order.sample_seconds, self._events.put_nowait, _Due.SAMPLE)
