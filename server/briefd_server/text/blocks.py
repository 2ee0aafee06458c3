"""What the lines of a text are, and which of them belong together.

A block is a paragraph, a heading, a list item, a table row, a mail header, a log line or a line of code. Lines that
were broken only to fit a width are joined into one paragraph; lines that were broken on purpose stay apart.
"""

from __future__ import annotations

import re
from enum import Enum
from itertools import pairwise
from typing import NamedTuple

from briefd_server.text.abbreviations import Period, find_period


class Kind(Enum):
    """What a block of lines is."""

    PROSE = "prose"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    MAIL_HEADER = "mail_header"
    LOG_LINE = "log_line"
    CODE = "code"


class Block(NamedTuple):
    """Characters `[start, end)` of a text; its content begins at `body_start`, after a bullet or a time stamp."""

    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool


class _Line(NamedTuple):
    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool
    is_indented: bool
    body: str
    ends_with_stop: bool


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_QUOTE_MARKS = re.compile(r"[ \t]*(?:>(?:[ \t]+|(?![\d=])))+")
_MARKER = re.compile(
    r"""[\s\ufeff]*(?:
      (?P<HEADING>\#{1,6}\s+)
    | (?P<MAIL_HEADER>(?:From|To|Cc|CC|Bcc|Subject|Date|Sent|Reply-To|Return-Path|Received|Message-I[Dd]|In-Reply-To
        |Importance|Attachments?|Delivered-To|MIME-Version|User-Agent|References|Content-[\w-]+|X-[\w-]+):\s+
        |-{2,}\s?(?=(?:Original|Forwarded)\b))
    | (?P<LOG_LINE>(?:\[?\d{4}[-/.]\d\d[-/.]\d\d[T\s_,]{1,2}\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|\s?[+-]\d\d:?\d\d)?\]?
        |[A-Z][a-z]{2}\s{1,2}\d{1,2}\s\d\d:\d\d:\d\d|\[?\d\d:\d\d:\d\d(?:[.,]\d+)?\]?|\[\s{0,8}\d+\.\d+\])[\s:,-]+
        (?:[\w./-]+\[\d+\]:\s+)?(?:[\[(<]?(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|ALERT
        |EMERG)[\])>]?:?\s+)?)
    | (?P<LIST_ITEM>(?:[-*+•‣◦▪●○·–—]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{2,4})\)|(?:\d{1,3}|[a-z])\.)\s+(?:\[[\sxX]\]\s+)?
        |\[[\sxX]\]\s+)
    | (?P<TABLE_ROW>\|\s*(?=.*\|))
    | (?P<CODE>\}|\#include\b|from\s[\w.]+\simport\b|(?:def|class)\s\w+.*:$)
    )?""",
    re.VERBOSE,
)
_ENDS_AS_CODE = ("{", "}", "};", ");", "/>")
_COLUMN_GAP = re.compile(r"(?<=\S)(?:[ ]{3,}|\t+)(?=\S)")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_STOP_AT_END = re.compile(r"[.!?…:;。！？؟।][\"'”’»)\]*_]*\Z")
_ENDS_UNFINISHED = re.compile(
    r"(?:^|\s)(?:the|an?|of|to|in|on|at|by|for|from|with|into|about|over|under|between|until|before|after|than|as|and|or|but"
    r"|if|when|because|that|which|who|is|are|was|were|has|have|will|would|can|could|should|may|be|not|its|their|our|my|your"
    r"|his|her|this|these|those)\Z"
)
_ONE_LINE_KINDS = frozenset({Kind.CODE, Kind.TABLE_ROW, Kind.HEADING})

# A paragraph set for a mail or a terminal is at most this wide; in a wider one every line is a paragraph.
_WIDEST_WRAP = 130
_NARROWEST_WRAP = 40
# A full line may fall this far short of the widest one: not every writer fills lines by machine.
_RAGGEDNESS = 0.9
_LONGEST_HEADING_WORDS = 12
_SHORTEST_UNDER_HEADING = 40
_LONGEST_ABBREVIATION = 24


def find_blocks(text: str) -> list[Block]:
    """Find the blocks of `text`, in order; lines without a letter or a digit only part them."""
    blocks: list[Block] = []
    for group in _groups(text):
        width = max(line.end - line.start for line in group)
        is_wrapped = _is_wrapped(group, width)
        previous: _Line | None = None
        for line in group:
            if previous is not None and _continues(previous, line, width, is_wrapped=is_wrapped):
                blocks[-1] = blocks[-1]._replace(end=line.end)
            else:
                blocks.append(Block(*line[:5]))
            previous = line
    return _mark_headings(text, blocks)


def _groups(text: str) -> list[list[_Line]]:
    """Part the lines where a line is empty or holds no word, and where code begins and ends."""
    groups: list[list[_Line]] = []
    group: list[_Line] = []
    start = 0
    is_fenced = False
    for raw in text.splitlines(keepends=True):
        if _FENCE.match(raw):
            is_fenced = not is_fenced
        if _LETTER_OR_DIGIT.search(raw):
            group.append(_read_line(raw, start, is_fenced=is_fenced))
        elif group:
            if _UNDERLINE.fullmatch(raw):
                group[-1] = _underlined(group[-1])
            groups.append(group)
            group = []
        start += len(raw)
    groups.append(group)
    return [_keep_lone_rows_as_prose(group) for group in groups if group]


def _read_line(raw: str, start: int, *, is_fenced: bool) -> _Line:
    line = raw.rstrip()
    quote = _QUOTE_MARKS.match(line)
    content_start = quote.end() if quote else 0
    marker = _MARKER.match(line, content_start)
    assert marker is not None
    kind, body_start = Kind.PROSE, marker.end()
    if is_fenced or _FENCE.match(line):
        kind, body_start = Kind.CODE, content_start
    elif marker.lastgroup:
        kind = Kind[marker.lastgroup]
    elif _is_in_columns(line):
        kind = Kind.TABLE_ROW
    if kind is Kind.CODE or (kind is Kind.PROSE and line.endswith(_ENDS_AS_CODE)):
        kind, body_start = Kind.CODE, content_start
    body = line[body_start:]
    is_indented = line[content_start : content_start + 1].isspace()
    return _Line(
        start, start + body_start, start + len(line), kind, quote is not None, is_indented, body, _ends_with_stop(body)
    )


def _ends_with_stop(body: str) -> bool:
    if not _STOP_AT_END.search(body):
        return False
    last_word = body[-_LONGEST_ABBREVIATION:].rsplit(maxsplit=1)[-1]
    return find_period(last_word[:-1]) in {None, Period.ANYTHING}


def _underlined(line: _Line) -> _Line:
    return line._replace(kind=Kind.HEADING) if line.kind is Kind.PROSE and not line.ends_with_stop else line


def _keep_lone_rows_as_prose(group: list[_Line]) -> list[_Line]:
    if sum(line.kind is Kind.TABLE_ROW for line in group) != 1:
        return group
    return [line._replace(kind=Kind.PROSE) if _is_in_columns(line.body) else line for line in group]


def _is_in_columns(body: str) -> bool:
    return len(_COLUMN_GAP.findall(body)) > 1


def _is_wrapped(group: list[_Line], width: int) -> bool:
    """Tell whether lines were broken to fit `width`: most could not have taken the first word of the next line."""
    if len(group) == 1 or not _NARROWEST_WRAP <= width <= _WIDEST_WRAP:
        return False
    pairs = [(a, b) for a, b in pairwise(group) if not a.ends_with_stop]
    full_count = sum(_is_full(a, b, width) for a, b in pairs)
    if len(group) == 2 or (full_count == len(pairs) and group[-1].ends_with_stop):
        return group[-1].ends_with_stop
    capital_count = sum(b.body[:1].isupper() and not b.body.isupper() for _, b in pairs)
    return 10 * full_count >= 6 * len(pairs) and 2 * capital_count <= len(pairs)


def _is_full(line: _Line, following: _Line, width: int) -> bool:
    next_word_length = len(following.body.split(None, 1)[0])
    return line.end - line.start + 1 + next_word_length > _RAGGEDNESS * width


def _continues(line: _Line, following: _Line, width: int, *, is_wrapped: bool) -> bool:
    if following.kind is not Kind.PROSE or line.is_quoted != following.is_quoted or line.kind in _ONE_LINE_KINDS:
        return False
    if line.kind is Kind.MAIL_HEADER:
        return following.is_indented
    if is_wrapped and _is_full(line, following, width):
        return True
    return not line.ends_with_stop and _runs_on(line, following, width)


def _runs_on(line: _Line, following: _Line, width: int) -> bool:
    """Tell from the words at a line's end and the next one's beginning that one sentence runs across."""
    starts_low = following.body[:1].islower()
    if line.kind is Kind.LIST_ITEM:
        return starts_low or following.is_indented
    if starts_low and (width >= _NARROWEST_WRAP or line.body[:1].isupper()):
        return True
    return bool(_ENDS_UNFINISHED.search(line.body))


def _mark_headings(text: str, blocks: list[Block]) -> list[Block]:
    return [
        block._replace(kind=Kind.HEADING) if _is_heading(text, block, following) else block
        for block, following in zip(blocks, [*blocks[1:], None], strict=False)
    ]


def _is_heading(text: str, block: Block, following: Block | None) -> bool:
    """Tell whether a short line without a stop stands over a longer paragraph."""
    if block.kind is not Kind.PROSE or following is None or following.kind is not Kind.PROSE:
        return False
    if following.end - following.start < max(_SHORTEST_UNDER_HEADING, 2 * (block.end - block.start)):
        return False
    body = text[block.body_start : block.end]
    return not body.endswith((",", "-", "–", "—")) and not _STOP_AT_END.search(body) and _has_few_words(body)


def _has_few_words(body: str) -> bool:
    return len(body.split(None, _LONGEST_HEADING_WORDS)) <= _LONGEST_HEADING_WORDS
