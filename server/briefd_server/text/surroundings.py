"""What a text has around what it says: datelines, bylines, greetings and boilerplate."""

from __future__ import annotations

import re

from briefd_server.text.tables import WORDS

_PLACE = r"[A-Z][A-Z.'’-]+(?:\s+[A-Z][A-Z.'’-]+){0,3}"
_REGION = r"(?:,\s+[A-Z][\w.]+(?:\s[A-Z][\w.]+)?)?"
_DATE = r"(?:,\s+(?:[A-Z][a-z]{2,8}\.?\s+\d{1,2}|\d{1,2}\.?\s+[A-Z][a-z]{2,8}\.?)(?:,\s+\d{4})?)?"
_DASH = r"(?:--?|[–—:])"
_KNOWN_AGENCY = rf"\((?:{'|'.join(sorted(map(re.escape, WORDS['agencies']), reverse=True))})\)"
_ANY_AGENCY = (
    r"(?:\([A-Z][\w.&'’/-]{1,30}(?:\s[A-Z][\w.&'’-]{1,30}){0,3}\)|/[A-Z][\w.&'’ -]{2,30}/)\s*(?:--|[–—]|-(?=\s))"
)
_DATELINE = re.compile(
    rf"""
      (?:{_PLACE}|[A-Z][\w.'’-]+){_REGION}{_DATE}\s*{_KNOWN_AGENCY}\s*{_DASH}?\s*
    | {_KNOWN_AGENCY}\s*{_DASH}?\s*
    | (?:{_PLACE}|[A-Z][\w.'’-]+(?:\s[A-Z][\w.'’-]+){{0,2}}){_REGION}{_DATE}\s*{_ANY_AGENCY}\s*
    | {_PLACE}{_REGION}{_DATE}\s+(?:--?|[–—])\s+(?=[("'“‘]?[A-Z0-9])  # not "IBM - a maker of …"
    | (?!NASA|NATO|UNESCO|UNICEF)[A-Z]{{4,}}(?:\s[A-Z]{{3,}})?,\s[A-Z][a-z]+\.?\s(?=[A-Z])
    """,
    re.VERBOSE,
)
_BYLINE_STARTS = tuple(f"{start} " for start in WORDS["byline_starts"])
_NAMES = r"[A-Z][\w.'’-]+(?:\s+[A-Z][\w.'’-]+){1,3}"
_BYLINE = re.compile(rf"\s*{_NAMES}\b[^.!?]{{0,60}}$")
_GREETING = re.compile(rf"(?:{'|'.join(sorted(WORDS['greetings'], key=len, reverse=True))})\b.{{0,40}}[,!:]?$")
_ANYWHERE = tuple(WORDS["boilerplate_anywhere"])
_STARTS = tuple(WORDS["boilerplate_starts"])
_SIGN_OFFS = tuple(WORDS["sign_offs"])
_LONGEST_NAME_WORDS = 4
_LINES = WORDS["boilerplate_lines"]
_LONGEST_BOILERPLATE = 200
_END_MARKS = " ,.!:*_»>|"


def find_dateline_end(text: str, start: int, end: int) -> int:
    """Return where a sentence goes on after "LONDON, March 3 (Reuters) — ", `start` where it has no dateline."""
    if not text[start : start + 1].isupper() and text[start : start + 1] != "(":
        return start
    dateline = _DATELINE.match(text, start, end)
    return dateline.end() if dateline else start


def is_byline(content: str) -> bool:
    """Tell whether a sentence only says who wrote: "By Ann Example, staff writer"."""
    if not content.startswith(_BYLINE_STARTS):
        return False
    start = max(len(each) for each in _BYLINE_STARTS if content.startswith(each))
    return _BYLINE.match(content, start) is not None


def is_boilerplate(content: str) -> bool:
    """Tell whether a sentence is a greeting, a farewell, or what pages and mails have around any text."""
    if len(content) > _LONGEST_BOILERPLATE:
        return False
    lowered = content.lower()
    if lowered.startswith(_STARTS) or lowered.strip(_END_MARKS) in _LINES or _is_sign_off(content, lowered):
        return True
    return any(map(lowered.__contains__, _ANYWHERE)) or _GREETING.match(lowered) is not None


def _is_sign_off(content: str, lowered: str) -> bool:
    """Tell "Best regards, Ann" from "Best regards are …"."""
    if not lowered.startswith(_SIGN_OFFS):
        return False
    sign_off = max((each for each in _SIGN_OFFS if lowered.startswith(each)), key=len)
    name = content[len(sign_off) :]
    has_mark = name[:1] in _END_MARKS.strip()
    is_name = len(name.split()) <= _LONGEST_NAME_WORDS and name.strip(_END_MARKS)[:1].isupper()
    return not name.strip(_END_MARKS) or (is_name and (has_mark or " " in sign_off))
