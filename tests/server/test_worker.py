"""Whether a worker shows that it works: idle by an example's answer, busy by getting on."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from fake_engine import FakeEngine

from briefd_server.call import Call
from briefd_server.engines.base import CallContext, Summary, Task
from briefd_server.metering.base import Meter
from briefd_server.worker import Worker


class Slow(FakeEngine):
    """Takes a step each time that it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.step = threading.Semaphore(0)
        self.is_done = False

    def summarize(self, task: Task, call: CallContext) -> Summary:
        self.started.set()
        while not self.is_done:
            self.step.acquire()
            call.checkpoint()
        return super().summarize(Task("done"), call)


def call_of(text: str) -> Call[Any]:
    return Call(Task(text), "optimized", meter=Meter([]), emit=lambda chunk: None)


def test_a_busy_worker_shows_life_by_getting_on() -> None:
    async def work() -> None:
        engine = Slow()
        worker = Worker(1, lambda form: engine, lambda engine, form, most: None)
        answer = worker.submit(call_of("long"))
        await asyncio.to_thread(engine.started.wait)
        watching = asyncio.ensure_future(worker.show_life("optimized"))
        await asyncio.wait([watching], timeout=0.5)
        assert not watching.done()
        engine.step.release()
        await asyncio.wait_for(watching, 5)
        watching = asyncio.ensure_future(worker.show_life("optimized"))
        engine.is_done = True
        engine.step.release()
        await asyncio.wait_for(watching, 5)
        await answer
        worker.close()

    asyncio.run(work())


def test_an_idle_worker_answers_one_example() -> None:
    asked: list[int | None] = []

    async def work() -> None:
        worker = Worker(1, lambda form: FakeEngine(), lambda engine, form, most: asked.append(most))
        await worker.warm("optimized")
        await worker.show_life("optimized")
        worker.close()

    asyncio.run(work())
    assert asked == [None, 1]


def test_what_the_example_raises_is_told() -> None:
    def fail(engine: object, form: str, most: int | None) -> None:
        raise RuntimeError("broken")

    async def work() -> None:
        worker = Worker(1, lambda form: FakeEngine(), fail)
        with pytest.raises(RuntimeError):
            await worker.show_life("optimized")
        worker.close()

    asyncio.run(work())
