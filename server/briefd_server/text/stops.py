"""Which stops end a sentence.

A run of stops ends one where white space follows, unless it belongs to an abbreviation, a number or a name. What
decides on a period is two words before it and two after it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from briefd_server.text.abbreviations import Period, find_period, keeps_period
from briefd_server.text.tables import FREQUENT_WORDS, WORDS

# Between a word and another that begins with a capital; arrows and stars are none.
_PICTURE = re.compile(
    r"[\u2600-\u2604\u2607-\u2793\U0001f300-\U0001faff](?<=\w\s.)[\u2600-\u2793\U0001f300-\U0001faff\u200d\ufe0f]*"
    r"\s{1,3}(?=[A-Z])"
)
_STOPS = ".!?…؟۔।॥"
_WIDE_STOPS = "。｡！？"
# A stop that none stands before, for speed written so that it begins with a set of characters.
_STOP = re.compile(
    rf"[{_STOPS}{_WIDE_STOPS}](?:(?<=[{_WIDE_STOPS}])[{_WIDE_STOPS}]*[」』”’）】]*"
    rf"|(?<=[{_STOPS}])(?<![{_STOPS}][{_STOPS}])(?P<more>[{_STOPS}]*)"
    r"(?P<closing>[\"'”’“»)\]}*_`\u200b-\u200f\u2060\ufeff]*)(?:\[\d{1,3}\])*(?!\S))"
)
_NEXT_TOKENS = re.compile(r"\s*(\S{1,24})(?:\s+(\S{1,24}))?")
_CLOSING_TOKENS = re.compile(r"(?:\s+(?:''|[”’»)\]}]+|\[\d{1,3}\])(?!\S))+")
_OPENING = "\"'“‘«([{*_`¿¡<„"
_LONGEST_ABBREVIATION = 24
_ROMAN_NUMERAL = re.compile(r"[IVXLC]+\b")
_LIST_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z])")
# Two consonants that end no word of a European language without a vowel after them, and any five.
_UNPRONOUNCEABLE_END = re.compile(r"(?i:[bcdfgkptv][rlnm]|[^\W\d_aeiouy]{5})\Z")
_LONGEST_SHORT = 6
_LAST_DAY = 31
_VOWELS = frozenset("aeiouyAEIOUYàâäáéèêëíîïóôöúùûüæœøå")
_BARE = ",.;:!?\"'”’)*_"


class _Around(NamedTuple):
    """The word before a period, and the one before that; the word after it, and the one after that; without marks."""

    earlier: str
    before: str
    after: str
    later: str


def find_ends(text: str, body_start: int, end: int) -> list[int]:
    """Find where the sentences of `text[body_start:end]` end, the last one at `end` or before white space up to it."""
    ends = []
    start = body_start
    for stop in _STOP.finditer(text, body_start, end):
        is_list_number = _LIST_NUMBER.fullmatch(text, start, stop.start()) is not None
        if not is_list_number and _is_boundary(text, stop, body_start, end):
            closing = _CLOSING_TOKENS.match(text, stop.end(), end)
            start = closing.end() if closing else stop.end()
            ends.append(start)
    if not text.isascii():
        ends = _with_pictures(text, body_start, end, ends)
        start = ends[-1] if ends else start
    if start < end or not ends:
        ends.append(end)
    return ends


def _with_pictures(text: str, start: int, end: int, ends: list[int]) -> list[int]:
    """Add the ends before pictures that stand where a stop would: "Backup done ⚠️ Web server skipped"."""
    pictures = [match.start() - 1 for match in _PICTURE.finditer(text, start, end)]
    return sorted({*ends, *pictures}) if pictures else ends


def _is_boundary(text: str, stop: re.Match[str], start: int, end: int) -> bool:
    following = _NEXT_TOKENS.match(text, stop.end(), end)
    if stop["more"] is None or following is None:
        return True
    marks = text[stop.start() : stop.end("more")]
    token = following[1]
    if token[0] in ",;:)":
        return False
    word = token.lstrip(_OPENING)
    if marks == "." and not (stop["closing"] and word[:1].islower()):
        earlier, before = _tokens_before(text, start, stop.start())
        return _ends_after_period(_Around(earlier, before, word, following[2] or ""))
    if not word[:1].islower():
        return True
    return not (stop["closing"] or marks[0] in "….")


def _tokens_before(text: str, start: int, end: int) -> tuple[str, str]:
    window = text[max(start, end - 2 * _LONGEST_ABBREVIATION) : end]
    if not window or window[-1].isspace():
        return "", ""
    earlier, before = ["", *window.split()][-2:]
    return earlier, before[-_LONGEST_ABBREVIATION:].lstrip(_OPENING)


def _ends_after_period(around: _Around) -> bool:
    """Decide whether a single period ends a sentence."""
    before, after = around.before, around.after
    period = find_period(before)
    if period is None:
        return not _goes_on(around)
    if period in {Period.NUMBER, Period.MARK} and not keeps_period(before):
        return not (_is_number(after) or (period is Period.MARK and _is_lone_capital(after)))
    if len(before) == 1 and around.earlier.isdigit():
        return _ends_after_unit(around)
    if period in {Period.MORE, Period.MARK} or not after[:1].isupper():
        return False
    bare = after.rstrip(_BARE).lower().replace("’", "'")
    if before.lower() in WORDS["ends_before_capital"]:
        return bare not in WORDS["clock_and_calendar"]
    return bare in WORDS["starters"] and not after.endswith(".")


def _goes_on(around: _Around) -> bool:
    """Tell whether the period belongs to a word that no table lists: shortened, or a number before a month."""
    before, after = around.before, around.after
    if after[:1].islower():
        return _looks_shortened(before)
    if before.isdecimal():
        return _is_day(around)
    if len(before) > _LONGEST_SHORT or not before.isalpha() or before.lower() in FREQUENT_WORDS:
        return False
    if _is_lone_capital(after):
        return around.later[:1].islower()
    if after[:1].isdigit():
        return _looks_shortened(before)
    is_name = before.istitle() and around.earlier.lower() in WORDS["articles"]
    return is_name and _looks_shortened(before) and after.rstrip(_BARE).lower() not in WORDS["starters"]


def _looks_shortened(token: str) -> bool:
    """Tell whether a token that no table lists is shortened: without a vowel ("pkgs") or a word's end ("entr")."""
    if len(token) > _LONGEST_SHORT or not token.isalpha():
        return False
    return not any(c in _VOWELS for c in token) or _UNPRONOUNCEABLE_END.search(token) is not None


def _is_day(around: _Around) -> bool:
    """Tell "3. May" in a date from "version 3. May I …"."""
    month = around.after.rstrip(_BARE).lower()
    if len(around.before) > 2 or int(around.before) > _LAST_DAY or month not in WORDS["months"]:
        return False
    begins = month in WORDS["months_that_are_verbs"] and around.later.lower().rstrip(_BARE) in WORDS["subject_pronouns"]
    return not begins


def _ends_after_unit(around: _Around) -> bool:
    """Tell "340 N. The pump" (newtons, or a sentence's end) from "340 N. Main Street"."""
    if not around.after[:1].isupper():
        return False
    is_street = around.later[:1].isupper() or around.later.rstrip(_BARE).lower() in WORDS["street_words"]
    return not (around.before in WORDS["compass_letters"] and is_street)


def _is_number(token: str) -> bool:
    return token[:1].isdigit() or (bool(_ROMAN_NUMERAL.match(token)) and token.rstrip(_BARE) != "I")


def _is_lone_capital(token: str) -> bool:
    bare = token.rstrip(_BARE)
    return len(bare) == 1 and bare.isupper() and bare not in WORDS["one_letter_words"]
