"""Labelled texts of the user's: JSON lines or a table whose columns are separated by tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from briefd_build.errors import BuildError
from briefd_build.lines import parse_object, read_lines, refused_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_EXAMPLE = '{"text": "...", "label": "..."}'
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

    Each text is a group of its own, by what it says, where the file gives none. White space at a text's ends is
    trimmed; empty lines count as none.

    Args:
        file: the file.
        names: the labels' names; a whole number stands for the name at that place, from 0. Empty: all that occur.

    Raises:
        BuildError: a line holds no labelled text; the message names the first such line and the fix.
    """
    records = _table if file.suffix == _TABLE else _json_lines
    labelled = []
    for place, record in records(file):
        with refused_at(place):
            labelled.append(_parse(record, names))
    if not labelled:
        raise BuildError(f"{file} holds no labelled texts; write one a line: {_EXAMPLE}")
    return labelled


def _json_lines(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for place, line in read_lines(file):
        with refused_at(place):
            record = parse_object(line, _EXAMPLE)
        yield place, record


def _table(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    lines = read_lines(file)
    place, header = next(lines, (f"{file}, line 1", ""))
    columns = _cells(header)
    if "label" not in columns or not any(name in columns for name in _TEXT_COLUMNS):
        raise BuildError(f"{place}: the header names no columns `text` and `label`; add it, tabs between them")
    for place, line in lines:
        cells = _cells(line)
        if len(cells) != len(columns):
            raise BuildError(f"{place}: {len(cells)} columns where the header has {len(columns)}; take out tabs")
        record: dict[str, Any] = dict(zip(columns, cells, strict=True))
        if record["label"].isdecimal():
            with refused_at(f"{place}: `label`"):
                record["label"] = int(record["label"])
        yield place, record


def _cells(line: str) -> list[str]:
    return line.strip("\r").split("\t")


def _parse(record: dict[str, Any], names: Sequence[str]) -> LabelledText:
    text = _text(record)
    return LabelledText(text, _label(record.get("label"), names), _group(record.get("group", text)))


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
