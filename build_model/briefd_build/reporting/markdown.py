"""Markdown of texts that anybody may have written: nothing of them is read as Markdown or HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from briefd_build.reporting.quantities import MISSING, one_line, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.pipeline.results import Disagreement
    from briefd_build.reporting.tables import Cell, Row, Table

# What means something inside a line, addresses that GitHub links by themselves and names that it notifies included.
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~$&#@])")
# What means something at the start of a line.
_LINE_START = re.compile(r"^(\d*)([-+=.)])(?=\s|$|[-=])")


def escaped(text: str) -> str:
    """Put a text on one line, its special characters behind backslashes."""
    return _SPECIAL.sub(r"\\\1", one_line(text)).replace("://", ":\\//")


def _line_of_its_own(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", escaped(text))


class Markdown:
    """A text that grows block by block."""

    def __init__(self) -> None:
        self._blocks: list[str] = []

    def heading(self, level: int, text: str) -> None:
        """Add a heading."""
        self._blocks.append(f"{'#' * level} {escaped(text)}")

    def paragraph(self, text: str) -> None:
        """Add a paragraph, if there is a text."""
        if text.strip():
            self._blocks.append(_line_of_its_own(text))

    def points(self, texts: Iterable[str]) -> None:
        """Add a list."""
        if lines := [f"- {_line_of_its_own(text)}" for text in texts]:
            self._blocks.append("\n".join(lines))

    def code(self, text: str) -> None:
        """Add a block that is shown as it is; its fence is longer than any run of backticks in it."""
        content = plain(text).rstrip("\n")
        longest = max((len(run) for run in re.findall("`+", content)), default=0)
        fence = "`" * max(3, longest + 1)
        self._blocks.append(f"{fence}\n{content}\n{fence}")

    def table(self, table: Table, level: int) -> None:
        """Add a table under a heading, the remarks on its rows and its notes below it."""
        self.heading(level, table.caption)
        titles = [f"{column.title} ({column.detail})" if column.detail else column.title for column in table.columns]
        rules = ["---:" if column.is_number else "---" for column in table.columns]
        lines = [_line([escaped(title) for title in titles]), _line(rules), *map(_row_line, table.rows)]
        self._blocks.append("\n".join(lines))
        self.points([*table.remarks, *table.notes])

    def examples(self, found: Sequence[Disagreement], before: str, after: str) -> None:
        """Add the texts that two models answer differently."""
        for number, each in enumerate(found, start=1):
            parts = {"text": each.text, "expected": each.expected, before: each.baseline, after: each.optimized}
            lines = [f"   - {escaped(name)}: {escaped(part) or MISSING}" for name, part in parts.items() if part]
            self._blocks.append("\n".join([f"{number}. Example", *lines]))
        if not found:
            self.paragraph("None is shown: the answers are the same, or the texts may not be passed on.")

    def written(self) -> str:
        """Return the whole text."""
        return "\n\n".join(self._blocks) + "\n"


def _row_line(row: Row) -> str:
    first, *others = row.cells
    name = escaped(first.text)
    return _line([f"**{name}**" if row.remark else name, *map(_cell, others)])


def _cell(cell: Cell) -> str:
    text = escaped(f"{cell.text} ({cell.detail})" if cell.detail else cell.text)
    return f"**{text}**" if cell.tone else text


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
