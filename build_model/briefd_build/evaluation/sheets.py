"""Blind reading sheets: two answers to a text in random order, and the key that says whose each is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from briefd_build.evaluation.recording import RecordedAnswer

MARKS: dict[str, tuple[str, ...]] = {
    "grammatical": ("yes", "minor", "broken"),
    "faithful": ("yes", "loses", "changes", "wrong-argument"),
    "choice": ("best", "acceptable", "poor"),
    "self_contained": ("yes", "no"),
}
"""What a reader says of an answer, from the best mark on."""
PREFERENCES = ("first", "second", "same")
"""What a reader says of two answers that differ."""


@dataclass(frozen=True)
class Sheet:
    """Items to be read and the key to them, each a list of records with the same `item` numbers.

    An item has `text`, `first`, `second` (only where the answers differ), `marks` (a record of blanks an answer) and
    `better` (likewise). A key has `id`, `genre` and whose the first answer is: `old`, `new`, or `both`.
    """

    items: list[dict[str, Any]]
    key: list[dict[str, Any]]


def make_sheet(old: Sequence[RecordedAnswer], new: Sequence[RecordedAnswer], seed: int) -> Sheet:
    """Shuffle texts and, of each, the two answers; an answer that is the same in both is read once.

    Raises:
        BuildError: the answers are not to the same texts.
    """
    by_id = {each.id: each for each in new}
    if {each.id: each.text for each in old} != {each.id: each.text for each in new}:
        raise BuildError("the answers are not to the same texts; record both from one file")
    chance = random.Random(seed)  # noqa: S311 - no secret
    items, key = [], []
    for number, before in enumerate(chance.sample(list(old), len(old)), start=1):
        after = by_id[before.id]
        is_new_first = chance.random() < 0.5
        first, second = (after, before) if is_new_first else (before, after)
        is_same = before.given == after.given
        items.append({"item": number, "text": before.text, **_fields(first.given, None if is_same else second.given)})
        whose = "both" if is_same else ("new" if is_new_first else "old")
        key.append({"item": number, "id": before.id, "genre": before.genre, "first": whose})
    return Sheet(items, key)


def check_marks(marks: Mapping[str, Any]) -> None:
    """Check what a reader says of one answer; raises ValueError."""
    for name, allowed in MARKS.items():
        check_mark(name, marks.get(name), allowed)


def check_mark(name: str, mark: object, allowed: Sequence[str]) -> None:
    """Check one mark; raises ValueError."""
    if mark not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}")


def _fields(first: str, second: str | None) -> dict[str, Any]:
    blanks = dict.fromkeys(MARKS, "")
    if second is None:
        return {"first": first, "marks": {"first": blanks}}
    return {"first": first, "second": second, "marks": {"first": blanks, "second": dict(blanks)}, "better": ""}
