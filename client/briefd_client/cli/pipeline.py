"""Works on many items at the same time and hands the answers over in order."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")

# A wait without a limit goes on when an interrupt came just before it, or was received by another thread.
_LONGEST_WAIT_SECONDS = 0.2


def map_in_order(
    function: Callable[[_Item], _Answer], items: Iterable[_Item], *, concurrency: int
) -> Generator[_Answer, None, None]:
    """Yield `function(item)` for each item in turn, `concurrency` of them being worked on at a time.

    Items are read by a thread of their own, never more than twice `concurrency` ahead of the last answer taken: an
    answer is yielded as soon as it and those before it are there, though the next item may not have come yet. When the
    iterator is closed early, calls that run are left to end by themselves.
    """
    pool = ThreadPoolExecutor(concurrency)
    slots = threading.Semaphore(2 * concurrency)
    pending: SimpleQueue[Future[_Answer] | None] = SimpleQueue()

    def feed() -> None:
        try:
            for item in items:
                slots.acquire()
                pending.put(pool.submit(function, item))
        except BaseException as error:  # raised again where the answers are taken
            pending.put(_failed(error))
        pending.put(None)

    threading.Thread(target=feed, daemon=True).start()
    try:
        while (answer := _next_of(pending)) is not None:
            yield _result_of(answer)
            slots.release()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        slots.release()  # a feeder that waits goes on, finds the pool shut down, and ends


def _next_of(pending: SimpleQueue[Future[_Answer] | None]) -> Future[_Answer] | None:
    while True:
        with suppress(Empty):
            return pending.get(timeout=_LONGEST_WAIT_SECONDS)


def _result_of(answer: Future[_Answer]) -> _Answer:
    while not answer.done():
        wait((answer,), _LONGEST_WAIT_SECONDS)
    return answer.result()


def _failed(error: BaseException) -> Future[_Answer]:
    failed: Future[_Answer] = Future()
    failed.set_exception(error)
    return failed
