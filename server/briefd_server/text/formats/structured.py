"""JSON, YAML and CSV: values that say something are paragraphs, short ones rows of a table with their names."""

from __future__ import annotations

import json
import re
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.clean import Edit
from briefd_server.text.logs import is_level

if TYPE_CHECKING:
    from collections.abc import Iterator

# A value of so many words or more is read as text; a shorter one tells little without the name of its field.
_FEWEST_WORDS_OF_TEXT = 4
_JSON_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[-\w.+]+|[:,{}\[\]]', re.DOTALL)
_JSON_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.", re.DOTALL
)
_YAML_LINE = re.compile(
    r"""[ ]*(?:-[ ]+)*(?P<key>[A-Za-z_][\w.-]{0,40}|"[^"\n]{1,40}"):(?:[ ]+|$)|[ ]*-[ ]|\s*(?:\#|---|$)"""
)
_YAML_SIGN = re.compile(
    r"^---[ ]*$|^[ ]*[a-z][\w.-]{0,40}:[ ]*\n[ ]+[\w-]|^[ ]*(?:-[ ]+)?[a-z]+_\w{1,40}:[ ]", re.MULTILINE
)
_FEWEST_YAML_LINES = 3
_LONGEST_FIRST_LINE = 2_000
_LEVEL_KEYS = frozenset(["level", "severity", "lvl", "loglevel", "log.level", "levelname"])
_LOG_FIELDS = re.compile(
    r'^(?P<fields>(?:[^\n"]|"[^"\n]{0,80}"){0,300}?)\b(?:msg|message)="(?P<message>[^"\n]+)"(?P<rest>[^\n]*)',
    re.MULTILINE,
)
_LOG_LEVEL = re.compile(r"\b(?:level|lvl|severity)=\"?(?P<level>\w{1,12})")
_DELIMITERS = ",;\t"
_FEWEST_ROWS = 3
_FEWEST_DELIMITERS = 2
_LONGEST_HEAD_WORDS = 3


class _Field(NamedTuple):
    """A scalar of a document: where its value lies, without quotation marks, and its name if it has one."""

    key: tuple[int, int] | None
    start: int
    end: int
    is_string: bool


def find_structure(text: str) -> list[Edit]:
    """Find what is not text in a document of JSON, JSON lines, YAML or CSV; nothing in a text that is none of them."""
    stripped = text.strip()
    if stripped.startswith(("{", "[")) and stripped.endswith(("}", "]")) and _is_json(stripped):
        return list(_json_edits(text))
    first_line, _, rest = stripped.partition("\n")
    if not rest or len(first_line) > _LONGEST_FIRST_LINE:
        return []
    if _YAML_LINE.match(first_line) and _is_yaml(text):
        return list(_yaml_edits(text))
    delimiter = _delimiter(text)
    return list(_csv_edits(text, delimiter)) if delimiter else []


def _is_json(stripped: str) -> bool:
    """Tell whether a text is one JSON value, or one a line."""
    for documents in ([stripped], stripped.splitlines()):
        try:
            values = [json.loads(document) for document in documents if document.strip()]
        except (ValueError, RecursionError):
            continue
        return all(isinstance(value, dict | list) for value in values)
    return False


def _json_edits(text: str) -> Iterator[Edit]:
    position = 0
    fields = list(_json_fields(text))
    is_message = False
    for field, following in zip_longest(fields, fields[1:]):
        if is_message:
            is_message = False
        elif following is not None and _is_level_of(text, field, following):
            yield Edit(position, field.start, "\n[")
            yield Edit(field.end, following.start, "] ")
            is_message = True
        else:
            yield from _field_edits(text, position, field)
        position = field.end
        if field.is_string:
            for escape in _JSON_ESCAPE.finditer(text, field.start, field.end):
                yield Edit(*escape.span(), _unescaped(escape.group()))
    if position < len(text):
        yield Edit(position, len(text))


def _unescaped(escape: str) -> str:
    try:
        meant: str = json.loads(f'"{escape}"')
    except ValueError:
        return escape[1:]
    return "\ufffd" if "\ud800" <= meant <= "\udfff" or meant == "\0" else meant


def _json_fields(text: str) -> Iterator[_Field]:
    key: tuple[int, int] | None = None
    last: _Field | None = None
    for token in _JSON_TOKEN.finditer(text):
        mark = token.group()
        if mark == ":":
            key = (last.start, last.end) if last else None
            last = None
            continue
        if last is not None:
            yield last
            last = key = None
        if mark in "{}[],":
            key = None if mark in "{}[]" else key
        else:
            is_string = mark[0] == '"'
            last = _Field(key, token.start() + is_string, token.end() - is_string, is_string)
    if last is not None:
        yield last


def _is_text(value: str) -> bool:
    return len(value.split(None, _FEWEST_WORDS_OF_TEXT)) >= _FEWEST_WORDS_OF_TEXT


def _is_level_of(text: str, field: _Field, following: _Field) -> bool:
    """Tell whether a field is the level of the message that stands in the next one, as in logs of JSON."""
    return (
        field.key is not None
        and following.key is not None
        and text[slice(*field.key)].lower() in _LEVEL_KEYS
        and is_level(text[field.start : field.end])
        and _is_text(text[following.start : following.end])
    )


def _field_edits(text: str, position: int, field: _Field) -> Iterator[Edit]:
    """Write what stands before a value: a paragraph's beginning, or the row that its name and it make."""
    if _is_text(text[field.start : field.end]):
        yield Edit(position, field.start, "\n\n")
    elif field.key is None:
        yield Edit(position, field.start, "\n- ")
    else:
        yield Edit(position, field.key[0], "\n| ")
        yield Edit(field.key[1], field.start, " | ")


def _is_yaml(text: str) -> bool:
    lines = text.splitlines()
    return (
        sum(1 for line in lines if line.strip()) >= _FEWEST_YAML_LINES
        and _YAML_SIGN.search(text) is not None
        and all(_YAML_LINE.match(line) for line in lines)
    )


def _yaml_edits(text: str) -> Iterator[Edit]:
    start = 0
    for raw in text.splitlines(keepends=True):
        line = raw.rstrip()
        match = _YAML_LINE.match(line)
        if match and match["key"]:
            yield from _yaml_line_edits(text, line, start, match)
        start += len(raw)


def _yaml_line_edits(text: str, line: str, start: int, match: re.Match[str]) -> Iterator[Edit]:
    value = line[match.end() :]
    quote_length = int(len(value) > 1 and value[0] in "\"'" and value[-1] == value[0])
    first, last = start + match.end() + quote_length, start + len(line) - quote_length
    key = (start + match.start("key"), start + match.end("key"))
    if first >= last:
        yield Edit(start, key[0], "| ")
        yield Edit(key[1], start + len(line), " |")
        return
    # The line's own end is before it already.
    before, *edits = _field_edits(text, start, _Field(key, first, last, is_string=True))
    yield before._replace(replacement=before.replacement.removeprefix("\n"))
    yield from edits
    yield Edit(last, start + len(line), "\n" if _is_text(text[first:last]) else "")


def _delimiter(text: str) -> str | None:
    """Return what parts the cells of a table, where every line has as many of them and the first one names columns."""
    head = text.lstrip().partition("\n")[0]
    for delimiter in _DELIMITERS:
        cells = head.split(delimiter)
        is_head = len(cells) > _FEWEST_DELIMITERS and all(len(cell.split()) <= _LONGEST_HEAD_WORDS for cell in cells)
        if is_head and _are_rows(text, delimiter, len(cells) - 1):
            return delimiter
    return None


def _are_rows(text: str, delimiter: str, count: int) -> bool:
    """Tell whether every line has as many delimiters, most of them without the blank that follows a comma in prose."""
    lines = [line for line in text.splitlines() if line.strip()]
    rows = [_delimiters(line, delimiter) for line in lines]
    spaced = sum(line[at + 1 : at + 2] == " " for line, places in zip(lines, rows, strict=True) for at in places)
    return (
        len(lines) >= _FEWEST_ROWS and all(len(places) == count for places in rows) and 2 * spaced < count * len(lines)
    )


def _delimiters(line: str, delimiter: str) -> list[int]:
    """Return where the delimiters of a line stand that are in no quotation marks."""
    places = []
    is_quoted = False
    for place, character in enumerate(line):
        if character == '"':
            is_quoted = not is_quoted
        elif character == delimiter and not is_quoted:
            places.append(place)
    return places


def _csv_edits(text: str, delimiter: str) -> Iterator[Edit]:
    start = 0
    for raw in text.splitlines(keepends=True):
        line = raw.rstrip("\r\n")
        if line.strip():
            yield from _row_edits(line, start, _delimiters(line, delimiter))
        start += len(raw)


def _row_edits(line: str, start: int, delimiters: list[int]) -> Iterator[Edit]:
    """Put bars between the cells of a row; a cell that says something is a paragraph."""
    first, is_text_before = 0, False
    for cell, end in enumerate([*delimiters, len(line)]):
        is_text = _is_text(line[first:end])
        quote_length = int(end - first > 1 and line[first] == line[end - 1] == '"')
        border = "\n\n" if is_text else "\n| " if is_text_before else " | " if cell else "| "
        yield Edit(start + first - bool(cell), start + first + quote_length, border)
        yield Edit(start + end - quote_length, start + end, " |" if end == len(line) and not is_text else "")
        first, is_text_before = end + 1, is_text


def find_log_fields(text: str) -> list[Edit]:
    """Find what stands around the messages of a log whose lines are fields: `level=error msg="disk full" code=5`."""
    if 'msg="' not in text and 'message="' not in text:
        return []
    return [edit for match in _LOG_FIELDS.finditer(text) for edit in _log_field_edits(text, match)]


def _log_field_edits(text: str, match: re.Match[str]) -> Iterator[Edit]:
    first, last = match.span("message")
    level = next((each for each in _LOG_LEVEL.finditer(text, match.start(), first) if is_level(each["level"])), None)
    if level:
        yield Edit(match.start(), level.start("level"), "[")
        yield Edit(level.end("level"), first, "] ")
    else:
        yield Edit(match.start(), first)
    yield Edit(last, last + 1)
    if match["rest"].strip():
        yield Edit(match.start("rest"), match.start("rest"), "\n|")
        yield Edit(match.end("rest"), match.end("rest"), " |")
