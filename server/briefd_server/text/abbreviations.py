"""Words whose final period is theirs, and what that period says about the end of a sentence.

Shared by the word finder, which keeps the period with its word, and the sentence finder, which must not stop there.
The words are those of the language's table `abbreviations`.
"""

from __future__ import annotations

import re
from enum import Enum

from briefd_server.text.tables import ABBREVIATIONS


class Period(Enum):
    """What follows the period of an abbreviation; each value is a row of the table."""

    NAME = "name"
    """Always the name that it announces: Dr. Smith."""
    MORE = "more"
    """Always more of the sentence: approx. five."""
    NUMBER = "number"
    """A number, or else the abbreviation is an ordinary word: No. 5."""
    MARK = "mark"
    """A number or a lone capital, or else it is an ordinary word: Cat. C."""
    ANYTHING = "anything"
    """More of the sentence or the next one: Acme Inc."""


def _index(words_by_row: dict[str, str]) -> dict[str, Period]:
    return {word: Period(row) for row, words in words_by_row.items() for word in words.split()}


_PERIOD_AS_SPELLED = _index(ABBREVIATIONS["as_spelled"])
_PERIOD_BY_ANY_CASE = _index(ABBREVIATIONS["any_case"])
_TITLES_IN_CAPITALS = {word.upper(): Period.NAME for word in ABBREVIATIONS["as_spelled"]["name"].split()}
_ORDINARY_WORDS = frozenset(ABBREVIATIONS["ordinary"]["words"].split())
_DOTTED = re.compile("|".join([r"(?:[^\W\d_]\.)+[^\W\d_]", *ABBREVIATIONS["dotted"]["patterns"]]), re.IGNORECASE)
_INITIAL = re.compile(r"[A-HJ-Z]")
_LONGEST = 8


def find_period(core: str) -> Period | None:
    """Tell what follows a period right after `core`; None where `core` is no abbreviation."""
    if len(core) > _LONGEST:
        return Period.ANYTHING if _DOTTED.fullmatch(core) else None
    listed = _PERIOD_AS_SPELLED.get(core) or _PERIOD_BY_ANY_CASE.get(core.lower()) or _TITLES_IN_CAPITALS.get(core)
    if listed or not (_INITIAL.fullmatch(core) or _DOTTED.fullmatch(core)):
        return listed
    return Period.ANYTHING


def keeps_period(core: str) -> bool:
    """Tell whether a period right after `core` is part of the word, by its spelling alone."""
    return find_period(core) is not None and core.lower() not in _ORDINARY_WORDS
