"""Where texts come from: files, standard input, the command line."""

from __future__ import annotations

import io
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from briefd_client.cli.terminal import one_line
from briefd_client.errors import TextError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

STANDARD_INPUT = "-"
# No daemon can be set to accept a longer text, so no more of a file or of a line is read into memory.
MAX_INPUT_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class InputError(TextError):
    """A file cannot be read, or is not text."""

    reason = "UNREADABLE_INPUT"


@dataclass(frozen=True, slots=True)
class Source:
    """One text to ask about.

    Attributes:
        file: Name of its file, `-` for standard input; `None` for a text of the command line.
        text: The text of the command line.
    """

    file: str | None
    text: str = ""

    @property
    def shown_name(self) -> str | None:
        """What answers and complaints call it; `None` for a text of the command line."""
        if self.file is None:
            return None
        return "(standard input)" if self.file == STANDARD_INPUT else one_line(self.file)

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the source's bytes; standard input is not closed with the context.

        Raises:
            InputError: the file cannot be opened.
        """
        if self.file is None:
            # Of an argument that is not UTF-8, Python holds the bytes as halves of surrogate pairs.
            return io.BytesIO(self.text.encode("utf-8", "surrogateescape"))
        if self.file == STANDARD_INPUT:
            if sys.stdin is None:
                raise InputError("cannot be read (it is closed)")
            return nullcontext(sys.stdin.buffer)
        try:
            return open(self.file, "rb")
        except OSError as error:
            raise _unreadable(error) from error

    def read(self) -> str:
        """Return the text. A byte-order mark is left in it: the daemon passes over it, and counts it in spans.

        Raises:
            InputError: it cannot be read, is too large or is not UTF-8.
        """
        with self.open() as stream:
            try:
                content = stream.read(MAX_INPUT_BYTES + 1)
            except OSError as error:
                raise _unreadable(error) from error
        if len(content) > MAX_INPUT_BYTES:
            raise InputError("larger than any daemon accepts; give a shorter text", reason="TEXT_TOO_LARGE")
        return decoded(content)


def sources_of(files: Sequence[str], text: str | None) -> list[Source]:
    """Return what is to be asked about: the text of the command line or the files, or without both standard input."""
    if text is not None:
        return [Source(None, text)]
    return [Source(file) for file in files or [STANDARD_INPUT]]


def read_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream without their ends, each as soon as it is there.

    Of a line longer than `MAX_INPUT_BYTES`, so much is yielded that one can tell.

    Raises:
        InputError: the stream cannot be read.
    """
    line = bytearray()
    while chunk := _read_chunk(stream):
        first, *others = chunk.split(b"\n")
        line += first[: MAX_INPUT_BYTES + 1 - len(line)]
        for other in others:
            yield bytes(line)
            line = bytearray(other)
    if line:
        yield bytes(line)


def _read_chunk(stream: BinaryIO) -> bytes:
    """Read what is there; empty at the end.

    The stream's buffer is passed by: a thread that waits inside it when the process ends would bring down Python.
    """
    raw = stream.raw if isinstance(stream, io.BufferedReader) else stream
    try:
        return raw.read(_CHUNK_BYTES) or b""
    except OSError as error:
        raise _unreadable(error) from error


def decoded(content: bytes) -> str:
    """Read bytes as UTF-8.

    Raises:
        InputError: they are not.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("not UTF-8; convert it first, for example with iconv", reason="NOT_UTF8") from None


def _unreadable(error: OSError) -> InputError:
    return InputError(f"cannot be read ({(error.strerror or 'unknown reason').lower()})")
