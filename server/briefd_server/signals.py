"""Signals that ask the daemon to stop, the first to drain, the second to end at once, and SIGHUP, to reload."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignals:
    """Counts the stop signals while the context lasts; used on a running loop of the main thread.

    SIGHUP sets `hangup`, which whoever heeds it clears.
    """

    def __init__(self) -> None:
        self.first = asyncio.Event()
        self.second = asyncio.Event()
        self.hangup = asyncio.Event()

    def __enter__(self) -> StopSignals:
        for number in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._count)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.hangup.set)
        return self

    def __exit__(self, *exception: object) -> None:
        for number in (*_STOP_SIGNALS, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)

    def _count(self) -> None:
        (self.second if self.first.is_set() else self.first).set()

    async def interrupts(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work` until it is done or a first signal comes; tells whether one came."""
        return await _interrupts(self.first, work)

    async def interrupts_again(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work` until it is done or a second signal comes; tells whether one came."""
        return await _interrupts(self.second, work)


async def _interrupts(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return not working.done()
    finally:
        working.cancel()
        waiting.cancel()
