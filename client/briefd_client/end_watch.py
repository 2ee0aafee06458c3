"""Cancels streams that do not end although their result is there.

One thread looks after all of them, and ends when there are none for a while: a timer a call would cost a tenth of a
millisecond, as much as sending the call.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import Protocol


class Cancellable(Protocol):
    """A running call."""

    def cancel(self) -> object:
        """End it."""


class EndWatch:
    """Cancels each call that is watched for longer than `seconds`, at most as long again later."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._deadlines: OrderedDict[Cancellable, float] = OrderedDict()

    def expect_end(self, call: Cancellable) -> None:
        """Watch a call from now on."""
        with self._lock:
            self._deadlines[call] = time.monotonic() + self._seconds
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="briefd-end-watch", daemon=True)
                self._thread.start()

    def forget(self, call: Cancellable) -> None:
        """Watch a call no more; does nothing for one that was not watched."""
        with self._lock:
            self._deadlines.pop(call, None)

    def _look(self) -> None:
        was_idle = False
        while True:
            time.sleep(self._seconds)
            with self._lock:
                late = self._take_late()
                if was_idle and not self._deadlines and not late:
                    self._thread = None
                    return
                was_idle = not self._deadlines
            for call in late:
                call.cancel()

    def _take_late(self) -> list[Cancellable]:
        """Take out the calls whose time is up; they are in the order of their deadlines."""
        now_seconds = time.monotonic()
        late = [call for call, deadline in self._deadlines.items() if deadline <= now_seconds]
        for call in late:
            del self._deadlines[call]
        return late
