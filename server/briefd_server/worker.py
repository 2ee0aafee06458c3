"""An inference worker: one thread, and the engines that it has loaded."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from briefd_server.heap import give_back_memory

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.call import Call
    from briefd_server.engines.base import Classifier, Engine
    from briefd_server.metering.usage import Usage

# How often a busy worker is looked at, whether it got on.
_LOOK_SECONDS = 0.1
# Characters of a text from which on reading it takes so much memory that it is worth the time to give that back.
_LONG_TEXT = 32_768

ArgumentT = TypeVar("ArgumentT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Answer(Generic[ResultT]):
    """What a worker made of a call, and what that used."""

    result: ResultT
    usage: Usage


class PanicError(Exception):
    """Something that is no `Exception` was raised at work; it is the cause, and not quoted."""


class Worker:
    """Runs calls one at a time, each on the engine of its form of the model.

    `load` loads one for this worker alone; `rehearse` raises where an engine that was loaded cannot be served, given
    how many of the bundle's examples it shall answer (none: all).
    """

    def __init__(
        self,
        number: int,
        load: Callable[[str], Engine | Classifier],
        rehearse: Callable[[Engine | Classifier, str, int | None], None],
    ) -> None:
        self._load = load
        self._rehearse = rehearse
        self._engines: dict[str, Engine | Classifier] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"briefd-worker-{number}")
        self._work: Future[Any] | None = None
        self._call: Call[Any] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the thread is at work, whatever became of those who asked for it."""
        return self._work is not None and not self._work.done()

    def warm(self, form: str) -> asyncio.Future[Engine | Classifier]:
        """Load a form before the first call asks for it, and have it rehearse."""
        return self._run(self._warm, form)

    def submit(self, call: Call[ResultT]) -> asyncio.Future[Answer[ResultT]]:
        """Start working on a call; the future fails with whatever its engine raises."""
        answer: asyncio.Future[Answer[ResultT]] = self._run(self._answer, call)
        if len(call.task.text) >= _LONG_TEXT:
            self._thread.submit(give_back_memory)
        return answer

    async def show_life(self, form: str) -> None:
        """Wait until an idle worker has answered an example, or a busy one has got on with its call or ended it."""
        if not self.is_busy:
            await self._run(self._answer_example, form)
            return
        begun = self._progress
        while self.is_busy and self._progress == begun:
            await asyncio.sleep(_LOOK_SECONDS)

    @property
    def _progress(self) -> tuple[int, int]:
        call = self._call
        return id(call), call.checkpoint_count if call is not None else 0

    def close(self) -> None:
        """Let the thread end once its work is done."""
        self._thread.shutdown(wait=False)

    def _run(self, function: Callable[[ArgumentT], ResultT], argument: ArgumentT) -> asyncio.Future[ResultT]:
        self._work = work = self._thread.submit(_contained, function, argument)
        return asyncio.wrap_future(work)

    def _answer_example(self, form: str) -> None:
        self._rehearse(self._engine(form), form, 1)

    def _answer(self, call: Call[ResultT]) -> Answer[ResultT]:
        self._call = call
        try:
            return self._work_on(call)
        finally:
            self._call = None

    def _work_on(self, call: Call[ResultT]) -> Answer[ResultT]:
        call.checkpoint()
        with call.measured():
            engine = self._engine(call.form)
            call.model_threads = engine.thread_count
            result = call.task.run_on(engine, call)
            return Answer(result, call.usage())

    def _warm(self, form: str) -> Engine | Classifier:
        engine = self._engine(form)
        self._rehearse(engine, form, None)
        return engine

    def _engine(self, form: str) -> Engine | Classifier:
        if form not in self._engines:
            self._engines[form] = self._load(form)
        return self._engines[form]


def _contained(function: Callable[[ArgumentT], ResultT], argument: ArgumentT) -> ResultT:
    """Do the work; what only means to end a program becomes an error of this call.

    Panics of libraries written in Rust, as tokenizers is, are such (`pyo3_runtime.PanicException`).
    """
    try:
        return function(argument)
    except Exception:
        raise
    except BaseException as panic:  # nothing up the line would give the caller a status
        raise PanicError(type(panic).__name__).with_traceback(panic.__traceback__) from panic
