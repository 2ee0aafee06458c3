"""What may be written where: answers to standard output, all else to standard error, nothing raw to a terminal."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Mapping

# C0 without tab and line feed, DEL and C1: a terminal would obey them.
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Terminal:
    """What the command's streams lead to.

    Attributes:
        takes_answers: Standard output is a terminal.
        takes_progress: Standard error is a terminal that a progress bar has for itself.
        shows_styles: Answers may be styled.
    """

    takes_answers: bool
    takes_progress: bool
    shows_styles: bool

    @classmethod
    def detect(cls, environ: Mapping[str, str]) -> Terminal:
        """Look at the process's own streams, and at `NO_COLOR` (https://no-color.org)."""
        takes_answers = leads_to_terminal(sys.stdout)
        return cls(
            takes_answers=takes_answers,
            takes_progress=leads_to_terminal(sys.stderr) and not takes_answers,
            shows_styles=takes_answers and not environ.get("NO_COLOR"),
        )

    def harmless(self, text: str) -> str:
        """Return a text as it may be written to standard output: to a file or a pipe, that is as it is."""
        return printable(text) if self.takes_answers else text


def leads_to_terminal(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal; Python has `None` for one that was closed before it began."""
    return stream is not None and stream.isatty()


def printable(text: str) -> str:
    """Return a text in which nothing steers a terminal; tabs and line ends are kept."""
    return _CONTROL_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Return a text as it may be written anywhere, on one line; what is not UTF-8 in a file's name is replaced."""
    return re.sub(r"[\t\n]", "\N{REPLACEMENT CHARACTER}", printable(click.format_filename(text)))


def write_answer(line: str) -> None:
    """Write one line to standard output, at once, and as it is: who styles it knows the terminal, so click need not."""
    click.echo(line, color=True)


def complain(message: str, *, about: str | None = None) -> None:
    """Write one line to standard error."""
    click.echo(one_line(f"brief: {message}" if about is None else f"brief: {about}: {message}"), err=True)
