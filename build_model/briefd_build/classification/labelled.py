"""Labelled texts of the user's: JSON lines or a table whose columns are separated by tabs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from briefd_build.errors import BuildError
from briefd_build.finetuning.pairs import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TABLE = ".tsv"
# GLUE's tables call the text a sentence.
_TEXT_COLUMNS = ("text", "sentence")


class LabelledText(NamedTuple):
    """A text and the name of its label; texts of one group, such as sentences of one review, stay together."""

    text: str
    label: str
    group: str


def read_labelled(file: Path, names: Sequence[str] = ()) -> list[LabelledText]:
    """Read all labelled texts of a file: a table with a header where it is called `.tsv`, else JSON lines.

    Each text is a group of its own where the file gives none. White space at a text's ends is trimmed; empty lines
    count as none.

    Args:
        file: the file.
        names: the labels' names; a whole number stands for the name at that place, from 0. Empty: all that occur.

    Raises:
        BuildError: a line holds no labelled text; the message names the first such line and the fix.
    """
    records = _table if file.suffix == _TABLE else _json_lines
    lines = read_bytes(file).removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    labelled = [_parse(record, names, place) for place, record in records(file, lines)]
    if not labelled:
        raise BuildError(f'{file} holds no labelled texts; write one a line: {{"text": "...", "label": "..."}}')
    return labelled


def _json_lines(file: Path, lines: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            place = f"{file}, line {number}"
            try:
                record = json.loads(_decode(line, place))
            except (ValueError, RecursionError):
                raise BuildError(f"{place}: it is not valid JSON; write each text as one object on one line") from None
            if not isinstance(record, dict):
                raise BuildError(f'{place}: it is not a JSON object; write {{"text": "...", "label": "..."}}')
            yield place, record


def _table(file: Path, lines: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    columns = _decode(lines[0], f"{file}, line 1").strip("\r").split("\t")
    if "label" not in columns or not any(name in columns for name in _TEXT_COLUMNS):
        raise BuildError(f"{file}, line 1: the header names no columns `text` and `label`; add it, tabs between them")
    for number, line in enumerate(lines[1:], start=2):
        if line.strip():
            place = f"{file}, line {number}"
            cells = _decode(line, place).strip("\r").split("\t")
            if len(cells) != len(columns):
                raise BuildError(f"{place}: {len(cells)} columns where the header has {len(columns)}; take out tabs")
            record: dict[str, Any] = dict(zip(columns, cells, strict=True))
            if record["label"].isdecimal():
                record["label"] = int(record["label"])
            yield place, record


def _decode(line: bytes, place: str) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise BuildError(f"{place}: it is not UTF-8; convert the file") from None


def _parse(record: dict[str, Any], names: Sequence[str], place: str) -> LabelledText:
    try:
        return LabelledText(_text(record), _label(record.get("label"), names), _group(record.get("group", place)))
    except ValueError as error:
        raise BuildError(f"{place}: {error}") from error


def _text(record: dict[str, Any]) -> str:
    text = record.get("text", record.get("sentence"))
    if not isinstance(text, str) or not text.strip():
        raise ValueError("it has no `text` that says something; add one, or remove the line")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("`text` has half of a character (a lone surrogate); write it whole")
    return text.strip()


def _label(value: object, names: Sequence[str]) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int)) or not str(value).strip():
        raise ValueError("it has no `label` that is a name or a whole number; add one, or remove the line")
    if not names:
        return str(value).strip()
    if isinstance(value, int):
        if 0 <= value < len(names):
            return names[value]
        raise ValueError(f"`label` is not from 0 to {len(names) - 1}, as the labels are numbered; correct it")
    if value.strip() not in names:
        raise ValueError(f"`label` is none of {', '.join(names)}; correct it, or name it among the labels")
    return value.strip()


def _group(value: object) -> str:
    if isinstance(value, (str, int)):
        return str(value)
    raise ValueError("`group` is neither a text nor a whole number; write one, or leave it out")
