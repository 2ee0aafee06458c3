"""What answers the calls: a bundle, its forms, and the workers that run it. A reload puts another in its place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.admission import Admission
    from briefd_server.bundle import Bundle
    from briefd_server.forms import Forms
    from briefd_server.metering.base import Meter
    from briefd_server.worker import Worker

# How often a set that no new call goes to is looked at, whether its last one is done.
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """One set, which stays as it is; calls keep the one that they were admitted to.

    `queue_limit` calls may wait; `model_threads` run each worker's model; a text has `max_text_bytes` in UTF-8 at most.
    """

    bundle: Bundle
    forms: Forms
    workers: Sequence[Worker]
    admission: Admission[Worker]
    meter: Meter
    queue_limit: int
    model_threads: int
    max_text_bytes: int

    @property
    def is_busy(self) -> bool:
        """Whether a worker still works, on a call that would not stop."""
        return any(worker.is_busy for worker in self.workers)

    async def warm(self) -> None:
        """Load the model for every worker; raises what the loading does."""
        await asyncio.gather(*(worker.warm(self.forms.choices[0]) for worker in self.workers))

    async def show_life(self) -> None:
        """Wait until every worker has shown that it works; raises what an example's answer does."""
        await asyncio.gather(*(worker.show_life(self.forms.choices[0]) for worker in self.workers))

    async def retire(self) -> None:
        """Let the last calls end, and then the workers."""
        while self.admission.running_count or self.admission.queued_count:
            await asyncio.sleep(_LOOK_SECONDS)
        self.close()

    def close(self) -> None:
        """Let the workers' threads end once their work is done."""
        for worker in self.workers:
            worker.close()
