"""Mails of several parts (RFC 2045, RFC 2046): their headers go, encoded text is decoded, the rest is left out."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.clean import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGN = re.compile(r"^content-(?:transfer-encoding|type):", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(r"""\bboundary=(?:"([^"\n]{1,200})"|([^\s";]{1,200}))""", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z][\w-]{0,60}:|[ \t]+\S")
_CONTENT_HEADER = re.compile(r"(?:content-[\w-]{1,40}|mime-version):|[ \t]+\S", re.IGNORECASE)
_ENCODING = re.compile(r"content-transfer-encoding:\s{0,9}([\w-]{1,40})", re.IGNORECASE)
_TYPE = re.compile(r"content-type:\s{0,9}([\w-]{1,40})/", re.IGNORECASE)
_CHARSET = re.compile(r"""charset=["']?([\w-]{1,40})""", re.IGNORECASE)
_BASE64_LINE = re.compile(r"[A-Za-z0-9+/]{1,400}={0,2}")


class _Line(NamedTuple):
    """Characters `[start, end)` of a text, its break included."""

    start: int
    end: int
    body: str


class _Part(NamedTuple):
    """A part: its headers' lines, joined, and the lines of its content."""

    headers: str
    lines: list[_Line]


def find_mime(text: str) -> list[Edit]:
    """Find the parts of a mail; plain text has none."""
    if not _SIGN.search(text):
        return []
    boundaries = {f"--{quoted or bare}" for quoted, bare in _BOUNDARY.findall(text)}
    edits: list[Edit] = []
    part = _Part("", [])
    is_header, is_inner = True, False
    for line in _lines(text):
        if line.body.rstrip() in boundaries or line.body.rstrip().removesuffix("--") in boundaries:
            edits += [*_content_edits(part), Edit(line.start, line.end, "\n")]
            part, is_header, is_inner = _Part("", []), True, True
        elif is_header and _HEADER.match(line.body):
            part = part._replace(headers=part.headers + line.body)
            if is_inner or _CONTENT_HEADER.match(line.body):
                edits.append(Edit(line.start, line.end))
        else:
            is_header = False
            part.lines.append(line)
    return [*edits, *_content_edits(part)]


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for body in text.splitlines(keepends=True):
        yield _Line(start, start + len(body), body)
        start += len(body)


def _content_edits(part: _Part) -> Iterator[Edit]:
    """Find what is to be read for the content of a part: itself where it is plain text."""
    encoding, kind = _ENCODING.search(part.headers), _TYPE.search(part.headers)
    is_text = kind is None or kind[1].lower() in {"text", "multipart", "message"}
    if is_text and (encoding is None or encoding[1].lower() != "base64"):
        return
    encoded = [line for line in part.lines if not is_text or _BASE64_LINE.fullmatch(line.body.strip())]
    if encoded:
        decoded = _decoded(encoded, part.headers) if is_text else ""
        yield Edit(encoded[0].start, encoded[-1].end, f"\n{decoded}\n")


def _decoded(lines: list[_Line], headers: str) -> str:
    charset = _CHARSET.search(headers)
    try:
        return b64decode("".join(line.body.strip() for line in lines)).decode(charset[1] if charset else "utf-8")
    except (Base64Error, LookupError, ValueError):
        return ""
