"""Who speaks in a chat or a transcript: lines that begin with a name."""

from __future__ import annotations

import re
from collections import Counter

from briefd_server.text.lines import Kind, Line
from briefd_server.text.tables import WORDS

_NAME = re.compile(
    r"(?:\[?\d{1,2}:\d\d(?::\d\d)?\]?[ \t]{1,4}(?:[-–][ \t])?)?"
    r"(?:(?P<name>@?[^\W\d_][\w.'’-]{0,30}(?:[ ][\w.'’()-]{1,30}){0,3}):|<(?P<nick>[@+~]?[^\W\d_][\w.-]{0,30})>)"
    r"[ \t]{1,4}(?=\S)"
)
_SPEECH_KINDS = (Kind.PROSE, Kind.LOG_LINE, Kind.LIST_ITEM)
_FEWEST_WORDS_OF_SPEECH = 5


def mark_speakers(lines: list[Line]) -> list[Line]:
    """Mark the turns of a conversation; a text that is none comes back as it is."""
    found = {number: name for number, line in enumerate(lines) if (name := _speaker(line))}
    if len(found) < 2 or not _is_conversation(lines, found):
        return lines
    return [
        line._replace(kind=Kind.SPEECH, body_start=found[number][0], speaker=found[number]) if number in found else line
        for number, line in enumerate(lines)
    ]


def _speaker(line: Line) -> tuple[int, int] | None:
    if line.kind not in _SPEECH_KINDS or (": " not in line.body and "> " not in line.body):
        return None
    match = _NAME.match(line.body)
    if match is None or (match["name"] or "").lower() in WORDS["labels"]:
        return None
    first, last = match.span("name" if match["name"] else "nick")
    return line.body_start + first, line.body_start + last


def _is_conversation(lines: list[Line], found: dict[int, tuple[int, int]]) -> bool:
    """Tell a conversation, in which somebody speaks twice or every line has a name, from the fields of a form."""
    names = [_name(lines[number], place) for number, place in found.items()]
    counts = Counter(names)
    if any(count > 1 for count in counts.values()):
        return 2 * len(found) >= sum(line.kind in _SPEECH_KINDS for line in lines)
    spoken = sum(len(lines[number].body.split()) for number in found)
    return len(found) == len(lines) and spoken >= _FEWEST_WORDS_OF_SPEECH * len(found)


def _name(line: Line, place: tuple[int, int]) -> str:
    return line.body[place[0] - line.body_start : place[1] - line.body_start]
