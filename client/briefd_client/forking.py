"""Whether gRPC's event loop works: in a process that was forked after an `AsyncClient` had connected, it does not.

Calls of any `AsyncClient` wait there for ever or abort the process, also where that one was closed before; `Client`
works.
"""

from __future__ import annotations

import os

from briefd_client.errors import MisplacedClientError

_has_connected = False
_is_broken = False


def note_connected() -> None:
    """Remember that an `AsyncClient` connects in this process."""
    global _has_connected  # noqa: PLW0603 - a fact about the process
    _has_connected = True


def is_broken() -> bool:
    """Tell whether this process was forked from one in which an `AsyncClient` had connected."""
    return _is_broken


def check_not_forked() -> None:
    """Refuse to go on where a call would never end.

    Raises:
        MisplacedClientError: this process was forked from one in which an `AsyncClient` had connected.
    """
    if _is_broken:
        message = (
            "this process was forked after an AsyncClient had connected; connect after the fork only, use Client, "
            "or start processes by multiprocessing's spawn"
        )
        raise MisplacedClientError(message, reason="FORKED")


def _notice_fork() -> None:
    global _is_broken  # noqa: PLW0603 - a fact about the process
    _is_broken = _is_broken or _has_connected


os.register_at_fork(after_in_child=_notice_fork)
