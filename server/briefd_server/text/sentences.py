"""Where the sentences of a text begin and end.

Every word of the text lies in exactly one sentence. A block (see `blocks`) ends a sentence; inside prose, list items
and log lines a stop does, unless it belongs to an abbreviation, a number or a name.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from briefd_server.text.abbreviations import Period, find_period, keeps_period
from briefd_server.text.blocks import Block, Kind, find_blocks


class Sentence(NamedTuple):
    """A sentence of a text: characters `[start, end)`, white space trimmed.

    Its content begins at `body_start`: after a bullet, a number of a list, a time stamp, the name of a mail header or
    the quotation marks of a mail. `paragraph` is the index of its block: the sentences of one paragraph share it, while
    every list item and heading has its own.
    """

    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool
    paragraph: int


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_STOP = re.compile(
    r"(?<![.!?…؟۔।॥])(?P<stop>[.!?…؟۔।॥]+)(?P<closing>[\"'”’»)\]}*_`\u200b-\u200f\u2060\ufeff]*)(?:\[\d{1,3}\])*(?!\S)"
    r"|[。｡！？]+[」』”’）】]*"
)
_NEXT_TOKEN = re.compile(r"\s*(\S{1,24})")
_CLOSING_TOKENS = re.compile(r"(?:\s+(?:''|[”’»)\]}]+|\[\d{1,3}\])(?!\S))+")
_OPENING = "\"'“‘«([{*_`¿¡<"
_LONGEST_ABBREVIATION = 24
_WHOLE_KINDS = frozenset({Kind.CODE, Kind.TABLE_ROW, Kind.MAIL_HEADER})
_ROMAN_NUMERAL = re.compile(r"[IVXLC]+\b")
# Words that begin sentences: after an abbreviation that may end one, only these tell that it did.
_STARTERS = frozenset(
    "the a an in on at it he she they we you i this that these those there here when while if but and or so as for "
    "after before however although though since because with from by to its his her their our my your what who where "
    "why how then now no not all some many most both each please thanks yes also meanwhile nor once until unless "
    "despite during under according instead let do does did is are was were can could will would should has have had "
    "it's i'm i'll i've he's she's we're we'll they're you're that's there's don't".split()
)
_ENDS_BEFORE_CAPITAL = frozenset(["etc", "a.m", "p.m"])
_CLOCK_AND_CALENDAR = frozenset(
    "est edt cst cdt mst mdt pst pdt gmt utc et ct mt pt bst cet eastern central pacific mountain monday tuesday "
    "wednesday thursday friday saturday sunday january february march april may june july august september october "
    "november december mon tue wed thu fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_LIST_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|[a-zA-Z])")


def find_sentences(text: str) -> list[Sentence]:
    """Find the sentences of `text`, in order; each holds at least one letter or digit."""
    sentences: list[Sentence] = []
    for paragraph, block in enumerate(find_blocks(text)):
        position = block.start
        for end in _ends(text, block):
            start = _skip_space(text, position, end)
            if _LETTER_OR_DIGIT.search(text, start, end):
                body_start = max(start, block.body_start)
                sentences.append(Sentence(start, body_start, end, block.kind, block.is_quoted, paragraph))
            position = end
    return sentences


def _ends(text: str, block: Block) -> list[int]:
    if block.kind in _WHOLE_KINDS:
        return [block.end]
    ends = []
    start = block.body_start
    for stop in _STOP.finditer(text, block.body_start, block.end):
        if _is_boundary(text, stop, block) and not _LIST_NUMBER.fullmatch(text, start, stop.start()):
            closing = _CLOSING_TOKENS.match(text, stop.end(), block.end)
            start = closing.end() if closing else stop.end()
            ends.append(start)
    if start < block.end or not ends:
        ends.append(block.end)
    return ends


def _skip_space(text: str, start: int, end: int) -> int:
    return end - len(text[start:end].lstrip())


def _is_boundary(text: str, stop: re.Match[str], block: Block) -> bool:
    following = _NEXT_TOKEN.match(text, stop.end(), block.end)
    marks: str | None = stop["stop"]
    if marks is None or following is None:
        return True
    token = following[1]
    if token[0] in ",;:)":
        return False
    word = token.lstrip(_OPENING)
    if marks == "." and not (stop["closing"] and word[:1].islower()):
        return _ends_after_period(_token_before(text, block.body_start, stop.start()), word)
    if not word[:1].islower():
        return True
    return not (stop["closing"] or marks[0] in "….")


def _token_before(text: str, start: int, end: int) -> str:
    window = text[max(start, end - _LONGEST_ABBREVIATION) : end]
    if not window or window[-1].isspace():
        return ""
    return window.split()[-1].lstrip(_OPENING)


def _ends_after_period(before: str, after: str) -> bool:
    """Decide whether a single period ends a sentence, from the token before it and the token after it."""
    period = find_period(before)
    if period is None:
        return not after[:1].islower() or not _looks_shortened(before)
    bare = after.rstrip(",.;:!?\"'”’)").lower().replace("’", "'")
    is_starter = bare in _STARTERS and not after.endswith(".")
    if period is Period.NUMBER and not keeps_period(before):
        return not (after[:1].isdigit() or _ROMAN_NUMERAL.match(after))
    if period is Period.MORE or not after[:1].isupper():
        return False
    if before.lower() in _ENDS_BEFORE_CAPITAL:
        return bare not in _CLOCK_AND_CALENDAR
    return is_starter


def _looks_shortened(token: str) -> bool:
    """Tell whether a short token without a vowel ("pkgs", "hwy") is an abbreviation that no table lists."""
    return len(token) <= 5 and token.isalpha() and not any(c in "aeiouyAEIOUY" for c in token)
