"""The punctuation of a sentence, read as marks that stand in the gaps between its words.

Gap `k` lies before word `k`, the last gap after the last word. Quotation marks and brackets are paired here, and those
without a partner are left out, so that whatever is written from the marks is balanced.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_server.text.words import Word


class Role(Enum):
    """What a mark does."""

    SEPARATOR = "parts what stands before it from what stands after it"
    OPENING = "opens a quotation or a bracket"
    CLOSING = "closes a quotation or a bracket"
    STOP = "ends a sentence, or hesitates"
    SYMBOL = "stands between two words like a word: A & B"
    PREFIX = "belongs to the next word: $ 5"
    SUFFIX = "belongs to the word before: 5 %, the workers'"


class Mark(NamedTuple):
    """A mark, as it is to be written; `pair` are the gaps that a quotation or bracket opens and closes in."""

    gap: int
    role: Role
    form: str
    pair: tuple[int, int] = (0, 0)

    @property
    def is_quotation(self) -> bool:
        """Whether it is a quotation mark."""
        return self.form in _QUOTATION_MARKS


DASH = " — "
_SIGN = re.compile(
    r"""(?P<quote>''|``|["“”„«»'‘’])
    | (?P<bracket>[()\[\]{}<>（）「」『』【】])
    | (?P<dash>--+|[—―⸺⸻–]|-)
    | (?P<separator>[,;:،؛，、；：､])
    | (?P<cell>\||\t+|[ ]{3,})
    | (?P<stop>\.+|…+|[!?]+|[؟۔।॥。！？｡])
    | (?P<symbol>[&+=/@×÷→←≤≥≠])
    | (?P<currency>[$€£¥₹])
    | (?P<share>[%‰°])""",
    re.VERBOSE,
)
_SEPARATING = re.compile(r"[,;:،；：，()\[\]—–―|]|\s-+\s")
_MARKS_BEFORE = re.compile(r"[^\w\r\n]+\Z")
_MARKS_AFTER = re.compile(r"[^\w\r\n]*")
_MOST_MARKS_AROUND = 16
# One bar or tab may be anything; a row of a table has more.
_FEWEST_CELL_BORDERS = 2
_OPENINGS_BY_CLOSING = {
    ")": "(", "]": "[", "}": "{", ">": "<", "”": "“„", "“": "„", "»": "«", "’": "‘", "）": "（", "」": "「", "』": "『",
    "】": "【", '"': '"', "''": '"', "'": "'",
}  # fmt: skip
_OPENINGS = frozenset("([{<“„«‘（「『【\"'") | {"``"}
_QUOTATION_MARKS = frozenset("\"'“”„«»‘’「」『』")
_WRITTEN = {"<": "(", ">": ")", "„": "“", "''": '"', "``": '"'}
_PLAIN_ROLES = {"separator": Role.SEPARATOR, "cell": Role.SEPARATOR, "stop": Role.STOP, "symbol": Role.SYMBOL}
_BEFORE_OPENING = "([{<“‘\"'`*_—–-/"
_AFTER_CLOSING = ")]}>”’\"'`*_—–-/.,;:!?…"


class _Sign(NamedTuple):
    """Characters of a gap that may be a mark."""

    gap: int
    group: str
    form: str
    start: int
    may_open: bool
    may_close: bool
    is_spaced: bool
    is_across_lines: bool


def read_marks(text: str, words: Sequence[Word]) -> list[Mark]:
    """Read the marks of a sentence, in order, from the gaps around and between its `words`."""
    signs = list(_signs(text, words))
    if sum(sign.group == "cell" and not sign.is_across_lines for sign in signs) < _FEWEST_CELL_BORDERS:
        signs = [sign for sign in signs if sign.group != "cell"]
    pairs = _pair(signs)
    marks = []
    for position, sign in enumerate(signs):
        if position in pairs:
            role = Role.OPENING if pairs[position][0] else Role.CLOSING
            marks.append(Mark(sign.gap, role, _WRITTEN.get(sign.form, sign.form), pairs[position][1]))
        else:
            mark = _lone_mark(text, sign, words)
            if mark is not None:
                marks.append(mark)
    return marks


def find_separators(text: str, words: Sequence[Word]) -> dict[int, str]:
    """Find the marks that part the words of a sentence, by the number of the word that they stand before."""
    found = {}
    for number, (left, right) in enumerate(pairwise(words), 1):
        # Most gaps are one blank.
        if right.start - left.end > 1 and (mark := _SEPARATING.search(text, left.end, right.start)):
            found[number] = mark.group().strip()
    return found


def find_quotations(text: str, words: Sequence[Word]) -> tuple[tuple[int, int], ...]:
    """Find what stands between quotation marks: the numbers of its first and its last word."""
    if not _QUOTATION_MARKS.intersection(text[words[0].outer_start : words[-1].outer_end]):
        return ()
    pairs = {mark.pair for mark in read_marks(text, words) if mark.is_quotation and mark.role is Role.OPENING}
    return tuple(sorted((first, after - 1) for first, after in pairs if first < after))


def _signs(text: str, words: Sequence[Word]) -> Iterator[_Sign]:
    for gap in range(len(words) + 1):
        gap_start, gap_end = _gap(text, words, gap)
        is_across_lines = "\n" in text[gap_start:gap_end]
        for match in _SIGN.finditer(text, gap_start, gap_end):
            before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
            yield _Sign(
                gap,
                match.lastgroup or "",
                match.group(),
                match.start(),
                may_open=not before or before.isspace() or before in _BEFORE_OPENING,
                may_close=not after or after.isspace() or after in _AFTER_CLOSING,
                is_spaced=before in " " and after in " ",
                is_across_lines=is_across_lines,
            )


def _gap(text: str, words: Sequence[Word], gap: int) -> tuple[int, int]:
    """Return the range before word `gap`; the outermost two end where the next words or lines do."""
    start = words[gap - 1].end if gap else max(0, words[0].start - _MOST_MARKS_AROUND)
    end = words[gap].start if gap < len(words) else min(len(text), words[-1].end + _MOST_MARKS_AROUND)
    if not gap:
        before = _MARKS_BEFORE.search(text, start, end)
        start = before.start() if before else end
    elif gap == len(words):
        after = _MARKS_AFTER.match(text, start, end)
        end = after.end() if after else start
    return start, end


def _pair(signs: Sequence[_Sign]) -> dict[int, tuple[bool, tuple[int, int]]]:
    """Match what opens with what closes it: for the position of either, whether it opens, and the gaps of the two."""
    pairs: dict[int, tuple[bool, tuple[int, int]]] = {}
    stack: list[tuple[int, str]] = []
    open_counts: Counter[str] = Counter()
    for position, sign in enumerate(signs):
        if sign.group not in {"quote", "bracket"}:
            continue
        opening = next((form for form in _OPENINGS_BY_CLOSING.get(sign.form, "") if open_counts[form]), None)
        if opening is not None and (sign.may_close or sign.form not in "\"'"):
            form = None
            while form != opening:
                partner, form = stack.pop()
                open_counts[form] -= 1
            gaps = (signs[partner].gap, sign.gap)
            pairs[partner], pairs[position] = (True, gaps), (False, gaps)
        elif sign.form in _OPENINGS and (sign.may_open or sign.group == "bracket"):
            form = '"' if sign.form == "``" else sign.form
            stack.append((position, form))
            open_counts[form] += 1
    return pairs


def _lone_mark(text: str, sign: _Sign, words: Sequence[Word]) -> Mark | None:
    """Read a sign that opens and closes nothing; None where it is not punctuation."""
    before = text[sign.start - 1 : sign.start] if sign.gap and sign.start == words[sign.gap - 1].end else ""
    role: Role | None = None
    form = sign.form
    if sign.group == "symbol" and before and not sign.is_spaced:  # "w/ the electrician"
        role = Role.SUFFIX
    elif sign.group in _PLAIN_ROLES:
        role, form = _PLAIN_ROLES[sign.group], "," if sign.group == "cell" else form
    elif sign.group == "dash" and (form != "-" or (sign.is_spaced and sign.gap)):
        role, form = Role.SEPARATOR, DASH
    elif form in {"<", ">"} and sign.is_spaced and not sign.is_across_lines:
        role = Role.SYMBOL
    elif sign.group == "currency" and sign.gap < len(words) and text[words[sign.gap].start].isdigit():
        role, form = Role.PREFIX, form + " "
    elif sign.group == "share" and sign.gap and text[words[sign.gap - 1].end - 1].isdigit():
        role, form = Role.SUFFIX, " " + form
    elif before and ((form == "-" and sign.may_close) or (form in {"'", "’"} and before in "sSzZxXnN")):
        role = Role.SUFFIX
    return None if role is None else Mark(sign.gap, role, form)
