"""Rows of a table that take turns, each in a process of its own; one that fails is named with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from briefd_build.bench.child import Entrant, run_aside
from briefd_build.bench.contender import AbsentError, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Row = TypeVar("_Row", bound=Row)
_Entrant = TypeVar("_Entrant", bound=Entrant)


@dataclass(frozen=True)
class Absence:
    """A row that was not measured, and why."""

    name: str
    reason: str


class Turns(Generic[_Row, _Entrant]):
    """The processes that take part; one that fails in a turn takes part no longer.

    Args:
        seat: makes the process of a row and its threads.
        report: told what is being done.

    Attributes:
        entrants: those that take part, in the rows' order.
        absences: rows that don't.
    """

    def __init__(self, seat: Callable[[_Row, int], _Entrant], report: Callable[[str], None]) -> None:
        self._seat = seat
        self._report = report
        self.entrants: list[_Entrant] = []
        self.absences: list[Absence] = []

    def start(self, rows: Sequence[_Row], thread_counts: Sequence[int]) -> None:
        """Make every row's files and load it, one after the other."""
        for row in rows:
            self._report(f"preparing {row.name}")
            try:
                run_aside(row.prepare)
                for thread_count in thread_counts:
                    self.entrants.append(self._seat(row, thread_count))
                    self.entrants[-1].wait_until_loaded()
            except AbsentError as absence:
                self._drop(row.name, absence)

    def go_round(self, turn: Callable[[_Entrant], None], rounds: int) -> None:
        """Give every entrant a turn each round; another one begins each, so that none always follows the same one."""
        for number in range(rounds):
            self._report(f"round {number + 1} of {rounds}")
            self.take(turn, first=number)

    def take(self, turn: Callable[[_Entrant], None], first: int = 0) -> None:
        """Give every entrant one turn, from the one with that number on."""
        start = first % max(len(self.entrants), 1)
        for entrant in [*self.entrants[start:], *self.entrants[:start]]:
            if entrant in self.entrants:
                self._take_turn(turn, entrant)

    def find(self, row: _Row) -> _Entrant:
        """Find a process of a row; where it failed, raise its reason as `AbsentError`."""
        found = [entrant for entrant in self.entrants if entrant.row.name == row.name]
        if not found:
            raise AbsentError(next(each.reason for each in self.absences if each.name == row.name))
        return found[0]

    def close(self) -> None:
        """End the processes."""
        for entrant in self.entrants:
            entrant.close()

    def _take_turn(self, turn: Callable[[_Entrant], None], entrant: _Entrant) -> None:
        try:
            turn(entrant)
        except AbsentError as absence:
            self._drop(entrant.row.name, absence)

    def _drop(self, name: str, absence: AbsentError) -> None:
        self.absences.append(Absence(name, str(absence)))
        for entrant in [entrant for entrant in self.entrants if entrant.row.name == name]:
            entrant.close()
            self.entrants.remove(entrant)
