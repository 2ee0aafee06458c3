"""Words whose final period is theirs, and what that period says about the end of a sentence.

Shared by the word finder, which keeps the period with its word, and the sentence finder, which must not stop there. An
abbreviation that is spelled like an ordinary word is listed with a capital ("Ill.", "Rep."), or left out ("sun", "no").
"""

from __future__ import annotations

import re
from enum import Enum


class Period(Enum):
    """What follows the period of an abbreviation."""

    NAME = "always the name it announces: Dr. Smith"
    MORE = "always more of the sentence: approx. five"
    NUMBER = "a number, or else the abbreviation is an ordinary word: No. 5"
    ANYTHING = "more of the sentence or the next one: Acme Inc."


_CAPITALIZED = {
    Period.NAME: "Mr Mrs Ms Messrs Mme Mlle Dr Drs Prof Profs Rev Fr Hon Gen Col Lt Sgt Cpl Capt Cmdr Adm Maj Brig Sen "
    "Sens Rep Reps Gov Govs Pres Amb Supt Insp Det St Ste Mt Ft Msgr",
    Period.NUMBER: "No Nos Vol Vols Fig Figs Ch Sec Sect Art Eq Eqs Ver Op Rs",
    Period.ANYTHING: "Inc Corp Co Cos Ltd Bros Assn Dept Univ Jr Sr Esq Ave Blvd Rd Hwy Bldg Apt Intl Natl Est Jan Feb "
    "Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thur Thurs Fri Sat Ala Ariz Ark Calif Colo Conn Del "
    "Fla Ga Ill Ind Kan Ky La Md Mass Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa Tenn Tex Va Vt Wash Wis Wyo Ont Que",
}
_ANY_CASE = {
    Period.MORE: "vs v viz cf eg e.g ie i.e p.s approx incl excl esp attn",
    Period.NUMBER: "p pp c ca vol vols fig figs para ext pop no nos ch sec art eq ver",
    Period.ANYTHING: "etc al inc ltd pvt corp jr dept assn govt hrs mins lbs qty amt pkg acct temp max min avg",
}
# Abbreviations that are ordinary words too: what follows may tell that a period is theirs, their spelling doesn't.
_ORDINARY_WORDS = frozenset("no nos ca ch sec sect art eq ver op rs ext pop temp max min avg".split())
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]|Ph\.D|[BM]\.?Sc|[BM]\.Eng|Litt\.D|S\.p\.A", re.IGNORECASE)
_INITIAL = re.compile(r"[A-HJ-Z]")
_LONGEST = 8


def _index(words_by_period: dict[Period, str]) -> dict[str, Period]:
    return {word: period for period, words in words_by_period.items() for word in words.split()}


_PERIOD_BY_CAPITALIZED = _index(_CAPITALIZED)
_PERIOD_BY_ANY_CASE = _index(_ANY_CASE)
_TITLES_IN_CAPITALS = {word.upper(): Period.NAME for word in _CAPITALIZED[Period.NAME].split()}


def find_period(core: str) -> Period | None:
    """Tell what follows a period right after `core`; None where `core` is no abbreviation."""
    if len(core) > _LONGEST:
        return Period.ANYTHING if _DOTTED.fullmatch(core) else None
    listed = _PERIOD_BY_CAPITALIZED.get(core) or _PERIOD_BY_ANY_CASE.get(core.lower()) or _TITLES_IN_CAPITALS.get(core)
    if listed or not (_INITIAL.fullmatch(core) or _DOTTED.fullmatch(core)):
        return listed
    return Period.ANYTHING


def keeps_period(core: str) -> bool:
    """Tell whether a period right after `core` is part of the word, by its spelling alone."""
    return find_period(core) is not None and core.lower() not in _ORDINARY_WORDS
