"""Memory that was freed and is still held: given back to the system when much of it may be there."""

from __future__ import annotations

import asyncio
import ctypes
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# Bytes of requests after which what they took is given back: many small calls never come to it within one's memory.
_WORTHWHILE_BYTES = 4 << 20
# How long a flood of them is let pass before.
_PAUSE_SECONDS = 1.0


def _find_trim() -> Callable[[int], int]:
    """Find glibc's `malloc_trim`; other C libraries give back by themselves."""
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return lambda _: 0
    return trim


_malloc_trim = _find_trim()


def give_back_memory() -> None:
    """Give free memory back to the system: some milliseconds, after which the process is as small as it can be.

    Collecting also empties Python's lists of spare objects, each of which can hold up a megabyte.
    """
    gc.collect()
    _malloc_trim(0)


class RequestHeap:
    """Gives back what requests took, some time after many bytes of them came. Lives on the loop's thread.

    A worker gives back after a long text; this is for those that no worker ever saw, since they were refused.
    """

    def __init__(self) -> None:
        self._taken_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def take(self, size_bytes: int) -> None:
        """Note the size of a request."""
        self._taken_bytes += size_bytes
        if self._taken_bytes >= _WORTHWHILE_BYTES and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._give_back)

    def _give_back(self) -> None:
        self._timer = None
        self._taken_bytes = 0
        give_back_memory()
