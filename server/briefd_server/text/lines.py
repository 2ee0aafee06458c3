"""What one line of a text is, by its marks: a list item, a header of a mail, a line of a log, code and so on."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from briefd_server.text.abbreviations import Period, find_period
from briefd_server.text.logs import read_log_line
from briefd_server.text.tables import WORDS


class Kind(Enum):
    """What a block of lines is; sets of kinds are tuples, which are faster to look into than hashes of an enum."""

    PROSE = "prose"
    HEADING = "heading"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    MAIL_HEADER = "mail_header"
    LOG_LINE = "log_line"
    CODE = "code"
    SPEECH = "speech"
    SIGNATURE = "signature"


class Block(NamedTuple):
    """Characters `[start, end)` of a text; its content begins at `body_start`, after a bullet or a time stamp.

    Attributes:
        group: number of the run of lines between empty ones that it stands in.
        speaker: where the name of who says it stands.
        severity: of a line of a log: "error", "warning", "info" or "debug".
    """

    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool
    group: int = 0
    speaker: tuple[int, int] | None = None
    severity: str | None = None


class Line(NamedTuple):
    """A line with a word: characters `[start, end)`; `body` begins at `body_start`, after its marks.

    Attributes:
        speaker: where the name of who says it stands, in a chat or a transcript.
        severity: of a line of a log: "error", "warning", "info" or "debug".
    """

    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool
    is_indented: bool
    body: str
    ends_with_stop: bool
    speaker: tuple[int, int] | None = None
    severity: str | None = None


_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_QUOTE_MARKS = re.compile(r"[ \t]*(?:>(?:[ \t]+|(?![\d=])))+")
_HEADERS = "|".join(sorted(map(re.escape, WORDS["mail_headers"]), reverse=True))
_FORWARDED = "|".join(sorted(map(re.escape, WORDS["forwarded"])))
_MARKER = re.compile(
    rf"""[\s\ufeff]*(?:
      (?P<HEADING>\#{{1,6}}\s+)
    | (?P<MAIL_HEADER>(?:{_HEADERS}|Content-[\w-]{{1,40}}|X-[\w-]{{1,60}}):\s+
        |-{{2,}}\s?(?=(?:{_FORWARDED})\b))
    | (?P<LIST_ITEM>(?:[-*+•‣◦▪●○·–—]|\(?(?:\d{{1,3}}|[a-zA-Z]|[ivx]{{2,4}})\)|(?:\d{{1,3}}|[a-z])\.)
        \s+(?:\[[\sxX]\]\s+)?|\[[\sxX]\]\s+)
    | (?P<TABLE_ROW>\|(?=.*\|)\s*)
    | (?P<CODE>\}}|\#include\b|from\s[\w.]+\simport\b|(?:def|class)\s\w.*:$)
    )?""",
    re.VERBOSE,
)
_TRACE = re.compile(
    r"\s+at\s\S{1,400}\s?\(|\s+at\s\S{1,400}:\d+|\s*File\s\"[^\"]{1,400}\",\sline\s\d|\s*\.\.\.\s\d{1,6}\s(?:more|common)\b"
    r"|goroutine\s\d+\s\[|Traceback\s\(most\srecent|[A-Za-z0-9+/]{60,}={0,2}$"
)
_ENDS_AS_CODE = ("{", "}", "};", ");", "/>")
_COLUMN_GAP = re.compile(r"(?<=\S)(?:[ ]{3,}|\t+)(?=\S)")
_LEADER_DOTS = re.compile(r"(?:\.{4,}|(?:\s\.){4,})\s{0,8}\d{1,4}\Z")
_LONGEST_LEADER = 60
_STOP_AT_END = re.compile(r"[.!?…:;。！？؟।][\"'”’»)\]*_]*\Z")
_LONGEST_ABBREVIATION = 24


def read_line(raw: str, start: int, *, is_fenced: bool) -> Line:
    """Read a line that begins at `start` of its text; in a fence all is code."""
    line = raw.rstrip()
    quote = _QUOTE_MARKS.match(line) if ">" in line else None
    content_start = quote.end() if quote else 0
    kind, body_start, severity = Kind.PROSE, content_start, None
    if is_fenced or _FENCE.match(line) or _TRACE.match(line):
        kind = Kind.CODE
    elif log := read_log_line(line, content_start):
        kind, body_start, severity = Kind.LOG_LINE, *log
    else:
        kind, body_start = _read_marker(line, content_start)
    if body_start == len(line):
        body_start = content_start
    body = line[body_start:]
    is_indented = line[content_start : content_start + 1].isspace()
    return Line(
        start,
        start + body_start,
        start + len(line),
        kind,
        quote is not None,
        is_indented,
        body,
        ends_with_stop(body),
        severity=severity,
    )


def _read_marker(line: str, content_start: int) -> tuple[Kind, int]:
    marker = _MARKER.match(line, content_start)
    assert marker is not None
    kind, body_start = Kind.PROSE, marker.end()
    if marker.lastgroup:
        kind = Kind[marker.lastgroup]
    elif is_in_columns(line) or _LEADER_DOTS.search(line[-_LONGEST_LEADER:]):
        kind = Kind.TABLE_ROW
    if kind is Kind.CODE or (kind is Kind.PROSE and line.endswith(_ENDS_AS_CODE)):
        return Kind.CODE, content_start
    return kind, body_start


def is_fence(raw: str) -> bool:
    """Tell whether a line begins or ends a block of code."""
    return _FENCE.match(raw) is not None


def is_source_of_trace(raw: str, before: Line) -> bool:
    """Tell whether a line is the code that a trace shows under the name of its file."""
    return before.kind is Kind.CODE and raw[:2].isspace() and before.body.lstrip().startswith('File "')


def has_final_stop(body: str) -> bool:
    """Tell whether a line ends in a mark that ends or parts sentences."""
    return _STOP_AT_END.search(body) is not None


def ends_with_stop(body: str) -> bool:
    """Tell whether a line ends in such a mark that is no abbreviation's."""
    if not has_final_stop(body):
        return False
    last_word = body[-_LONGEST_ABBREVIATION:].rsplit(maxsplit=1)[-1]
    return find_period(last_word[:-1]) in {None, Period.ANYTHING}


def is_in_columns(body: str) -> bool:
    """Tell whether wide gaps part a line into three cells or more."""
    return ("   " in body or "\t" in body) and len(_COLUMN_GAP.findall(body)) > 1
