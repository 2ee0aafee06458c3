"""Signs of life: given while the loop turns and every worker works, and at no other time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.service.served import Served
    from briefd_server.service_manager import ServiceManager

_LOGGER = logging.getLogger(__name__)
# Signs within the time that the manager waits: one may come late.
_SIGNS = 3


async def give_signs_of_life(served: Callable[[], Served], manager: ServiceManager) -> None:
    """Have the workers show that they work, again and again, and tell the manager each time; returns if none asks.

    An idle worker answers one of the bundle's examples; a busy one has to get on with its call. One that does neither
    keeps the sign back, until the manager ends the daemon and starts it again.
    """
    if manager.watchdog_seconds is None:
        return
    while True:
        try:
            await served().show_life()
        except Exception as error:  # whatever an engine raises: a daemon that can't answer has to go
            _LOGGER.error("a worker fails at the bundle's example (%s): no sign of life", type(error).__name__)  # noqa: TRY400 - the example's text must not be logged
        else:
            manager.alive()
        await asyncio.sleep(manager.watchdog_seconds / _SIGNS)
