"""The watch over streams that should have ended."""

from __future__ import annotations

import threading
import time

from briefd_client.end_watch import EndWatch

WAIT_SECONDS = 60


class Call:
    def __init__(self) -> None:
        self.is_cancelled = threading.Event()

    def cancel(self) -> None:
        self.is_cancelled.set()


def watching_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "briefd-end-watch"]


def test_what_does_not_end_is_cancelled_and_nothing_else() -> None:
    watch = EndWatch(0.05)
    endless, ended = Call(), Call()
    for call in (ended, endless):
        watch.expect_end(call)
    watch.forget(ended)
    assert endless.is_cancelled.wait(WAIT_SECONDS)
    assert not ended.is_cancelled.is_set()
    watch.forget(endless)  # which it is already


def test_its_thread_ends_and_comes_again() -> None:
    before = len(watching_threads())
    watch = EndWatch(0.05)
    for _ in range(2):
        call = Call()
        watch.expect_end(call)
        assert call.is_cancelled.wait(WAIT_SECONDS)
        end_seconds = time.monotonic() + WAIT_SECONDS
        while len(watching_threads()) > before:
            assert time.monotonic() < end_seconds
            time.sleep(0.01)
