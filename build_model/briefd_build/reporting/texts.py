"""The texts that two bundles are compared on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def read_texts(file: Path) -> list[str]:
    r"""Read texts, one a line; of a file whose name ends with .jsonl, each line is an object with a `text`.

    Lines end with `\n` or `\r\n`; empty ones count as none.

    Raises:
        BuildError: a line holds no text with a word in it, or no line is there; the message says nothing of the text.

    """
    try:
        content = file.read_bytes().decode().removeprefix(_BYTE_ORDER_MARK)
    except OSError as error:
        raise BuildError(f"{file} cannot be read ({error.strerror}); name a file of texts") from error
    except UnicodeDecodeError:
        raise BuildError(f"{file} is not UTF-8; convert the file") from None
    is_json = file.suffix == ".jsonl"
    texts = []
    for number, line in enumerate(content.split("\n"), start=1):
        if line.strip():
            try:
                texts.append(_check(_parse(line) if is_json else line.strip()))
            except ValueError as error:
                raise BuildError(f"{file}, line {number}: {error}") from None
    if not texts:
        raise BuildError(f'{file} holds no texts; write one a line, or {{"text": "..."}} a line of a .jsonl file')
    return texts


def _parse(line: str) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("it is not valid JSON; write each text as one object on one line") from None
    text = value.get("text") if isinstance(value, dict) else None
    if isinstance(text, str):
        return text
    raise ValueError('it has no text; write {"text": "..."}')


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
