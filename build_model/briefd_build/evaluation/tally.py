"""What a reader's sheets come to: shares of each mark by genre, and which answers are better."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.evaluation.sheets import PREFERENCES, check_mark, check_marks
from briefd_build.evaluation.wilson import Share
from briefd_build.lines import parse_object, read_lines, refused_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Marks = dict[str, str]

SHARES: dict[str, Callable[[Marks], bool]] = {
    "right": lambda marks: marks["grammatical"] == marks["faithful"] == "yes",
    "usable": lambda marks: (
        marks["grammatical"] != "broken" and marks["faithful"] == "yes" and marks["choice"] != "poor"
    ),
    "grammatical": lambda marks: marks["grammatical"] == "yes",
    "not broken": lambda marks: marks["grammatical"] != "broken",
    "faithful": lambda marks: marks["faithful"] == "yes",
    "loses": lambda marks: marks["faithful"] == "loses",
    "says something else": lambda marks: marks["faithful"] in {"changes", "wrong-argument"},
    "best": lambda marks: marks["choice"] == "best",
    "best or acceptable": lambda marks: marks["choice"] != "poor",
    "self-contained": lambda marks: marks["self_contained"] == "yes",
}
"""Each a share of the answers that were read."""


@dataclass(frozen=True)
class Reading:
    """What a reader said of a text's old and new answer; `better` is `old`, `new` or `same`."""

    genre: str
    old: Marks
    new: Marks
    better: str


@dataclass(frozen=True)
class Tally:
    """The shares of one genre, or of all.

    Attributes:
        shares: by the names of `SHARES`, of old and new answers.
        preferences: how many texts have the better answer in `old` or in `new`, or in neither.
    """

    shares: dict[str, tuple[Share, Share]]
    preferences: Counter[str]

    def to_json(self) -> dict[str, Any]:
        """Give shares with their intervals, and the counts."""
        shares = {name: {"old": old.to_json(), "new": new.to_json()} for name, (old, new) in self.shares.items()}
        return {"shares": shares, "better": {name: self.preferences[name] for name in ("old", "new", "same")}}


def read_judged(sheet: Path, key: Path) -> list[Reading]:
    """Read a sheet that a reader filled in, with its key.

    Raises:
        BuildError: a mark is lacking or unknown, or the key is another sheet's; the message names the line.
    """
    keys = {}
    for place, line in read_lines(key):
        with refused_at(place):
            record = parse_object(line, '{"item": 1, "id": "...", "genre": "...", "first": "old"}')
            keys[record.get("item")] = record
    readings = []
    for place, line in read_lines(sheet):
        with refused_at(place):
            item = parse_object(line, '{"item": 1, "marks": {"first": {...}}}')
            if item.get("item") not in keys:
                raise ValueError(f"{key.name} has no such item; name the key that was written with this sheet")
            readings.append(_unblind(item, keys[item["item"]]))
    if len(readings) != len(keys):
        raise BuildError(f"{sheet} has {len(readings):,} of {len(keys):,} items; judge all of them")
    return readings


def tally(readings: Iterable[Reading]) -> dict[str, Tally]:
    """Sum up: all texts, then every genre."""
    by_genre: dict[str, list[Reading]] = {"all": []}
    for reading in readings:
        by_genre["all"].append(reading)
        by_genre.setdefault(reading.genre, []).append(reading)
    return {genre: _tally(each) for genre, each in by_genre.items()}


def _tally(readings: list[Reading]) -> Tally:
    shares = {
        name: (Share.of(holds(each.old) for each in readings), Share.of(holds(each.new) for each in readings))
        for name, holds in SHARES.items()
    }
    return Tally(shares, Counter(each.better for each in readings))


def _unblind(item: Mapping[str, Any], key: Mapping[str, Any]) -> Reading:
    whose = key["first"]
    marks = item.get("marks", {})
    first = _marks(marks, "first")
    if whose == "both":
        return Reading(key["genre"], first, first, "same")
    second = _marks(marks, "second")
    check_mark("better", item.get("better"), PREFERENCES)
    other = {"old": "new", "new": "old"}[whose]
    better = {"first": whose, "second": other, "same": "same"}[item["better"]]
    old, new = (first, second) if whose == "old" else (second, first)
    return Reading(key["genre"], old, new, better)


def _marks(marks: Mapping[str, Any], place: str) -> Marks:
    given = marks.get(place)
    if not isinstance(given, dict):
        raise ValueError(f"the marks of its {place} answer are lacking; fill them in")  # noqa: TRY004 - a parser's error
    check_marks(given)
    return given
