"""How calls ended that were not answered, in the log: one line an outcome now and then, and the count of the others."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOGGER = logging.getLogger(__name__)
# Between two lines of one outcome, so that callers who are refused a thousand times a second cannot fill a disk.
_LINE_SECONDS = 10.0


@dataclass(slots=True)
class _Tally:
    """When an outcome was last logged, on the clock, and how often it came since."""

    line_seconds: float
    unlogged_count: int = 0


class OutcomeLog:
    """Notes how each call ended; `clock` is monotonic, in seconds. Lives on the loop's thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tallies: dict[str, _Tally] = {}

    def note(self, request_id: str, outcome: str) -> None:
        """Log a call that was not answered, or count it where its like was logged just now."""
        if outcome == "OK":
            _LOGGER.debug("call %s: OK", request_id)
            return
        now_seconds = self._clock()
        tally = self._tallies.get(outcome)
        if tally is not None and now_seconds - tally.line_seconds < _LINE_SECONDS:
            tally.unlogged_count += 1
            return
        self._tell_count(outcome)
        _LOGGER.info("call %s: %s", request_id, outcome)
        self._tallies[outcome] = _Tally(now_seconds)

    def flush(self) -> None:
        """Log the counts that no line has told yet."""
        for outcome in self._tallies:
            self._tell_count(outcome)

    def _tell_count(self, outcome: str) -> None:
        tally = self._tallies.get(outcome)
        if tally is not None and tally.unlogged_count:
            _LOGGER.info("%s more call(s): %s", tally.unlogged_count, outcome)
            tally.unlogged_count = 0
