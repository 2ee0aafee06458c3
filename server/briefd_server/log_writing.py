"""Log lines, written by a thread of their own: a reader that stands still holds nobody up.

A terminal on hold, a full pipe or a stuck journal blocks whoever writes to it, for ever; on the loop's thread that
would be every call, and the signals too.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lines that wait for a slow reader, a few hundred kilobytes; those beyond are dropped and counted.
_CAPACITY = 1000
# How long the end waits for the reader to take what is left.
_LAST_LINES_SECONDS = 1.0
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_STDERR = 2


class LogWriter(logging.Handler):
    """Writes records to a file descriptor, from a thread of its own; never waits and never raises."""

    def __init__(self, descriptor: int = _STDERR, capacity: int = _CAPACITY) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(_FORMAT))
        self._descriptor = _duplicate(descriptor)
        # Unbounded, so that the end always finds room; `emit` sees to the bound.
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._capacity = capacity
        self._dropped_count = 0
        self._thread = threading.Thread(target=self._write_all, name="briefd-log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand a line over, or count it where too many wait."""
        if self._lines.qsize() < self._capacity:
            self._lines.put(self.format(record))
        else:
            self._dropped_count += 1

    def close(self) -> None:
        """Let the last lines be written, if somebody reads them soon."""
        if self._thread.is_alive():
            self._lines.put(None)
            self._thread.join(_LAST_LINES_SECONDS)
        super().close()

    def _write_all(self) -> None:
        while (line := self._lines.get()) is not None:
            self._write(line)
            if dropped_count := self._take_dropped_count():
                self._write(f"{dropped_count} log line(s) were dropped: nobody took them in time")
        os.close(self._descriptor)

    def _take_dropped_count(self) -> int:
        self.acquire()  # as `emit` is called
        try:
            dropped_count, self._dropped_count = self._dropped_count, 0
        finally:
            self.release()
        return dropped_count

    def _write(self, line: str) -> None:
        data = memoryview(f"{line}\n".encode(errors="backslashreplace"))
        with suppress(OSError):  # the reader is gone or its disk full; nobody could be told
            while data:
                data = data[os.write(self._descriptor, data) :]


def _duplicate(descriptor: int) -> int:
    """Give a descriptor that nobody else closes, whose number stands for nothing else in the middle of a line."""
    try:
        return os.dup(descriptor)
    except OSError:  # standard error was closed before the start
        return os.open(os.devnull, os.O_WRONLY)


@contextmanager
def logging_to_stderr(level: str) -> Iterator[None]:
    """Have everything that is logged inside from a level on written to standard error."""
    writer = LogWriter()
    root = logging.getLogger()
    root.addHandler(writer)
    root.setLevel(level.upper())
    try:
        yield
    finally:
        root.removeHandler(writer)
        writer.close()
