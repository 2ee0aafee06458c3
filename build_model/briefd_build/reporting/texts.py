"""The texts that two bundles are compared on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_build.lines import parse_object, read_lines, refused_at
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

_EXAMPLE = '{"text": "..."}'


def read_texts(file: Path) -> list[str]:
    r"""Read texts, one a line; of a file whose name ends with .jsonl, each line is an object with a `text`.

    Lines end with `\n` or `\r\n`; empty ones count as none.

    Raises:
        BuildError: a line holds no text with a word in it, or no line is there; the message says nothing of the text.

    """
    read = _parse if file.suffix == ".jsonl" else str.strip
    texts = []
    for place, line in read_lines(file):
        with refused_at(place):
            texts.append(_check(read(line)))
    if not texts:
        raise BuildError(f"{file} holds no texts; write one a line, or {_EXAMPLE} a line of a .jsonl file")
    return texts


def _parse(line: str) -> str:
    text = parse_object(line, _EXAMPLE).get("text")
    if isinstance(text, str):
        return text
    raise ValueError(f"it has no text; write {_EXAMPLE}")


def _check(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is in it; remove it") from None
    if "\0" in text:
        raise ValueError("a NUL character is in it; remove it")
    if count_words(text) == 0:
        raise ValueError("no word is in it; remove it")
    return text
