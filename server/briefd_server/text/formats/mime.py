"""Mails of several parts (RFC 2045, RFC 2046): their headers go, encoded text is decoded, the rest is left out."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.clean import Edit
from briefd_server.text.formats.characters import decode_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

_SIGN = re.compile(r"^content-(?:transfer-encoding|type):", re.IGNORECASE | re.MULTILINE)
_BOUNDARY = re.compile(r"""\bboundary=(?:"([^"\n]{1,200})"|([^\s";]{1,200}))""", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z][\w-]{0,60}:|[ \t]+\S")
_CONTENT_HEADER = re.compile(r"(?:content-[\w-]{1,40}|mime-version):|[ \t]+\S", re.IGNORECASE)
_ENCODING = re.compile(r"content-transfer-encoding:\s{0,9}([\w-]{1,40})", re.IGNORECASE)
_TYPE = re.compile(r"content-type:\s{0,9}([\w-]{1,40}/[\w.+-]{1,80})", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"content-type:\s{0,9}multipart/alternative", re.IGNORECASE)
_READ = frozenset({"text", "multipart", "message"})
_PLAIN, _HYPERTEXT = "text/plain", "text/html"
_CHARSET = re.compile(r"""charset=["']?([\w-]{1,40})""", re.IGNORECASE)
_BASE64_LINE = re.compile(r"[A-Za-z0-9+/]{1,400}={0,2}")


class _Line(NamedTuple):
    """Characters `[start, end)` of a text, its break included."""

    start: int
    end: int
    body: str


class _Part(NamedTuple):
    """A part of a mail.

    Attributes:
        headers: their lines, joined.
        lines: of the content.
        marks: what takes its boundary and its headers out.
        is_inner: it stands behind a boundary.
    """

    headers: str
    lines: list[_Line]
    marks: list[Edit]
    is_inner: bool

    def names(self, header: re.Pattern[str], default: str) -> str:
        """Tell what a header names, in lower case."""
        found = header.search(self.headers)
        return found[1].lower() if found else default


def find_mime(text: str) -> list[Edit]:
    """Find the parts of a mail; plain text has none."""
    if not _SIGN.search(text):
        return []
    edits: list[Edit] = []
    # The parts of "alternative" say the same.
    reads_one = _ALTERNATIVE.search(text) is not None
    has_plain = False
    for part in _parts(text):
        kind = part.names(_TYPE, _PLAIN)
        is_repeated = reads_one and has_plain and kind == _HYPERTEXT
        is_text = not part.is_inner or (kind.partition("/")[0] in _READ and not is_repeated)
        edits += [*part.marks, *_content_edits(text, part, is_text=is_text)]
        has_plain |= part.is_inner and kind == _PLAIN
    return edits


def _parts(text: str) -> Iterator[_Part]:
    boundaries = {f"--{quoted or bare}" for quoted, bare in _BOUNDARY.findall(text)}
    part = _Part("", [], [], is_inner=False)
    is_header = True
    for line in _lines(text):
        mark = line.body.rstrip()
        if mark in boundaries or mark.removesuffix("--") in boundaries:
            yield part
            part, is_header = _Part("", [], [Edit(line.start, line.end, "\n")], is_inner=True), True
        elif is_header and _HEADER.match(line.body):
            part = part._replace(headers=part.headers + line.body)
            if part.is_inner or _CONTENT_HEADER.match(line.body):
                part.marks.append(Edit(line.start, line.end))
        else:
            is_header = False
            part.lines.append(line)
    yield part


def _lines(text: str) -> Iterator[_Line]:
    start = 0
    for body in text.splitlines(keepends=True):
        yield _Line(start, start + len(body), body)
        start += len(body)


def _content_edits(text: str, part: _Part, *, is_text: bool) -> Iterator[Edit]:
    """Find what is to be read for the content of a part: itself where it is plain text."""
    if not part.lines:
        return
    encoding, charset = part.names(_ENCODING, ""), part.names(_CHARSET, "utf-8")
    start, end = part.lines[0].start, part.lines[-1].end
    if not is_text:
        yield Edit(start, end, "\n\n")
    elif encoding == "quoted-printable":
        yield from decode_quoted(text, start, end, charset)
    elif encoding == "base64":
        encoded = [line for line in part.lines if _BASE64_LINE.fullmatch(line.body.strip())]
        decoded = _decoded("".join(line.body.strip() for line in encoded), charset)
        if encoded and decoded is not None:
            yield Edit(encoded[0].start, encoded[-1].end, f"\n{decoded}\n")


def _decoded(characters: str, charset: str) -> str | None:
    try:
        return b64decode(characters, validate=True).decode(charset)
    except (Base64Error, LookupError, ValueError):
        return None
