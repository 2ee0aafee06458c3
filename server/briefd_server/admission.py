"""Who runs, who waits and who is refused: a fixed number of workers and a bounded queue before them.

Used on the loop's thread alone, so nothing here locks. It does not know what a place is used for.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from briefd_server.errors import QueueFullError, ShuttingDownError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WorkerT = TypeVar("WorkerT")

# Weight of the latest service time in the running mean: the last ten calls or so count.
_LATEST_WEIGHT = 0.2
# Calls whose requests may be read at the same time, or as many as may wait: of the largest texts, some 20 MB.
_LEAST_ARRIVING = 64
# What a call is taken to need before any was measured, in seconds.
_FIRST_GUESS_SECONDS = 0.1


@dataclass(eq=False, slots=True)
class Place(Generic[WorkerT]):
    """A call's place: `start` is called with a worker once it is its turn, unless `is_late` says that its time is up.

    `start` takes the worker and must see to it that `Admission.release` gives it back.
    """

    start: Callable[[WorkerT], None]
    is_late: Callable[[], bool]
    expire: Callable[[], None]


class Admission(Generic[WorkerT]):
    """Hands workers to calls in the order of their arrival; at most `queue_limit` wait."""

    def __init__(self, workers: Iterable[WorkerT], queue_limit: int) -> None:
        self._free = list(workers)
        self._worker_count = len(self._free)
        self._waiting: deque[Place[WorkerT]] = deque()
        self._queue_limit = queue_limit
        self._service_seconds: float | None = None
        self._is_closed = False

    @property
    def running_count(self) -> int:
        """Calls that have a worker."""
        return self._worker_count - len(self._free)

    @property
    def queued_count(self) -> int:
        """Calls that wait for one."""
        return len(self._waiting)

    @property
    def is_closed(self) -> bool:
        """Whether new calls are refused."""
        return self._is_closed

    def admit(self, place: Place[WorkerT]) -> int:
        """Start a call or let it wait; returns how many calls are ahead of it, 0 when it has started.

        Raises:
            ShuttingDownError: the daemon is draining.
            QueueFullError: as many calls wait as may.

        """
        self.check_room()
        ahead = 0 if self._free else self.running_count + len(self._waiting)
        self._waiting.append(place)
        self._hand_out()
        return ahead

    def check_room(self, arriving_count: int = 0) -> None:
        """Let a call pass that could be admitted now, and whose request is not read yet.

        `arriving_count` are such calls that are being read. They hold no place, so that slow senders keep none from
        others, but the memory of all bounds how many there can be.

        Raises:
            ShuttingDownError: the daemon is draining.
            QueueFullError: as many calls wait as may, or are being read.

        """
        if self._is_closed:
            raise ShuttingDownError
        most_arriving = max(_LEAST_ARRIVING, self._queue_limit)
        if arriving_count >= most_arriving or (not self._free and len(self._waiting) >= self._queue_limit):
            raise QueueFullError(self.retry_seconds())

    def leave(self, place: Place[WorkerT]) -> None:
        """Give up a place in the queue; does nothing for a call that has started."""
        if place in self._waiting:
            self._waiting.remove(place)

    def release(self, worker: WorkerT, service_seconds: float | None) -> None:
        """Take a worker back and hand it on; `service_seconds` is how long an answered call took, None for others."""
        if service_seconds is not None:
            previous = service_seconds if self._service_seconds is None else self._service_seconds
            self._service_seconds = previous + _LATEST_WEIGHT * (service_seconds - previous)
        self._free.append(worker)
        self._hand_out()

    def close(self) -> None:
        """Refuse new calls; those that wait are still served."""
        self._is_closed = True

    def retry_seconds(self) -> float:
        """Estimate when the calls that are here now will be done, from the measured service time."""
        service_seconds = _FIRST_GUESS_SECONDS if self._service_seconds is None else self._service_seconds
        return service_seconds * (self.running_count + len(self._waiting)) / self._worker_count

    def _hand_out(self) -> None:
        while self._free and self._waiting:
            place = self._waiting.popleft()
            if place.is_late():
                place.expire()
            else:
                place.start(self._free.pop())
