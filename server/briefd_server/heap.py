"""Memory that was freed and is still held: given back to the system when much of it may be there."""

from __future__ import annotations

import ctypes
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
