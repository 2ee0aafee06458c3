"""Characters that were spelled as something else on the way: double-encoded UTF-8, quoted-printable, terminal escapes.

A text that was decoded as Windows-1252 or Latin-1 although it was UTF-8 shows two to four odd characters for one
("â€™" for an apostrophe). They are put right only where no writer means them; no letter is taken out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from briefd_server.text.clean import Edit
from briefd_server.text.words import TERMINAL_ESCAPE, may_hold_escapes

if TYPE_CHECKING:
    from collections.abc import Iterator


def _characters_of(first: int, last: int) -> str:
    """Return the characters that bytes `[first, last]` are decoded as by Windows-1252 or Latin-1."""
    characters = {
        bytes([byte]).decode(encoding, "ignore") for byte in range(first, last + 1) for encoding in _ENCODINGS
    }
    return re.escape("".join(sorted(characters)))


_ENCODINGS = ("cp1252", "latin-1")
_LOW = _characters_of(0x80, 0x9F)
_ANY = _characters_of(0x80, 0xBF)
# Sure signs only. "Ã" ends words in capitals ("MANHÃ»"), "à", "é" and the like stand before quotation marks ("à «"), so
# other lead bytes count only with the control characters U+0080 to U+009F, which no writer types.
_MOJIBAKE = re.compile(
    rf"(?<![A-Z])Ã[{_ANY}]|Â[\xa0-\xbf]|â[{_LOW}][{_ANY}]|ï[»¼½][{_ANY}]|ð[Ÿ\x9f][{_ANY}]{{2}}"
    rf"|[Ä-ß][\x80-\x9f]|[à-ï](?:[\x80-\x9f][{_ANY}]|[{_ANY}][\x80-\x9f])|[Ð-Ñ][°-¿]"
)
_LEADS = re.compile("[Â-Ñðâïà-î][\x80-\xbfŠŒŽšœžŸƒˆ˜–—‘’‚“”„†‡•…‰‹›€™]")
_MOST_PASSES = 2
_BYTE_ORDER_MARK = "\ufeff"
_QUOTED_BYTES = re.compile(r"(?:=[0-9A-F]{2})+(?:=\r?\n(?:=[0-9A-F]{2})+)*|=(?<!==)\r?\n")
_SOFT_LINE_END = re.compile(r"=(?<!==)\r?\n")
_SURE_BYTE = re.compile(r"=(?:20|3D|[CDE][0-9A-F]=[89AB])")
_FEWEST_SOFT_LINE_ENDS = 2


def find_mojibake(text: str) -> list[Edit]:
    """Find double-encoded characters and what they were meant to be."""
    if text.isascii() or not _LEADS.search(text):
        return []
    edits = []
    for match in _MOJIBAKE.finditer(text):
        meant = _decoded(match.group())
        if meant is not None:
            edits.append(Edit(match.start(), match.end(), meant.replace(_BYTE_ORDER_MARK, "")))
    return edits


def _decoded(characters: str) -> str | None:
    try:
        return b"".join(_byte(character) for character in characters).decode("utf-8")
    except UnicodeError:
        return None


def _byte(character: str) -> bytes:
    return character.encode("latin-1" if character <= "\xff" else "cp1252")


def find_quoted_printable(text: str) -> list[Edit]:
    """Find "=20", "=C3=A9" and lines broken by "=" where a text without headers is in that encoding (RFC 2045)."""
    if "=" not in text:
        return []
    soft_line_ends = sum(1 for _ in _SOFT_LINE_END.finditer(text))
    if soft_line_ends < _FEWEST_SOFT_LINE_ENDS or not _SURE_BYTE.search(text):
        return []
    return list(decode_quoted(text, 0, len(text), "utf-8"))


def decode_quoted(text: str, start: int, end: int, charset: str) -> Iterator[Edit]:
    """Find the encoded bytes within `text[start:end]`; those that are none of `charset` are read as Latin-1."""
    for match in _QUOTED_BYTES.finditer(text, start, end):
        digits = _SOFT_LINE_END.sub("", match.group()).replace("=", "")
        yield Edit(match.start(), match.end(), _characters(bytes.fromhex(digits), charset).replace("\0", "\ufffd"))


def _characters(encoded: bytes, charset: str) -> str:
    try:
        return encoded.decode(charset)
    except (LookupError, UnicodeError):
        return encoded.decode("latin-1")


def find_terminal_escapes(text: str) -> list[Edit]:
    """Find colours, cursor moves and window titles of a terminal; a blank is read for a run of them between words."""
    if not may_hold_escapes(text):
        return []
    return [Edit(*match.span(), " " * len(match.group())) for match in TERMINAL_ESCAPE.finditer(text)]
