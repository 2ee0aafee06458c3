"""Files of the user's with a record on every line; whatever is wrong with one is said with its place, never quoted."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_bytes(file: Path) -> bytes:
    """Read a file of the user's.

    Raises:
        BuildError: it can't be read.

    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise BuildError(f"{file} cannot be read ({error.strerror}); name another file") from error


def read_lines(file: Path) -> Iterator[tuple[str, str]]:
    r"""Read the lines that are not empty, each with its place for messages; they end with `\n`, which is left out.

    Raises:
        BuildError: the file can't be read, or a line is not UTF-8.

    """
    for number, line in enumerate(read_bytes(file).removeprefix(_BYTE_ORDER_MARK).split(b"\n"), start=1):
        place = f"{file}, line {number}"
        with refused_at(place):
            text = _decode(line)
        if text.strip():
            yield place, text


@contextmanager
def refused_at(place: str) -> Iterator[None]:
    """Turn the ValueError of what is read inside into a `BuildError` that names the place."""
    try:
        yield
    except ValueError as error:
        raise BuildError(f"{place}: {error}") from None


def parse_object(line: str, example: str) -> dict[str, Any]:
    """Parse a JSON object.

    Args:
        line: that holds it.
        example: of what was to be there, for the refusal.

    Raises:
        ValueError: it holds something else.

    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is not valid JSON; write one object a line") from None
    if not isinstance(value, dict):
        raise ValueError(f"it is not a JSON object; write {example}")  # noqa: TRY004 - a parser's error
    return value


def _decode(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8; convert the file") from None
