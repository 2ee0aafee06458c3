"""What the service manager is told: the daemon's states and its signs of life, by the protocol of sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGGER = logging.getLogger(__name__)
_MICROSECONDS = 1_000_000


class ServiceManager:
    """Speaks to the socket that `NOTIFY_SOCKET` names; without one nobody is told anything.

    Attributes:
        watchdog_seconds: how long the manager waits for a sign of life before it ends the daemon; None: it doesn't.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        # An abstract name is written with an @ for its leading zero byte.
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self.watchdog_seconds = _watchdog_seconds(environ) if name else None

    def ready(self, status: str) -> None:
        """Tell that calls are answered, after a start or a reload."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """Tell that a reload has begun; `ready` ends it, whether it was taken or not."""
        monotonic = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={monotonic}", "STATUS=reloading")

    def stopping(self) -> None:
        """Tell that no more calls are taken."""
        self._tell("STOPPING=1", "STATUS=stopping: the last calls are answered")

    def alive(self) -> None:
        """Give a sign of life."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        # A manager that doesn't listen must not stop the daemon; nor may one that is slow.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(0)
            sender.sendto("\n".join(lines).encode(), self._address)


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Read what sd_watchdog_enabled(3) reads; a variable that was meant for another process counts as none."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    try:
        seconds = int(environ.get("WATCHDOG_USEC", "0")) / _MICROSECONDS
    except ValueError:
        _LOGGER.warning("WATCHDOG_USEC is no number; no signs of life are given")
        return None
    return seconds if seconds > 0 else None
