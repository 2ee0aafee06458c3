"""Tables without a form: the page, the Markdown text and the terminal each lay the same ones out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cell:
    """What stands in a table's cell.

    Attributes:
        text: the value.
        detail: in small below it, such as an interval.
        tone: `good`, `bad` or empty; never the only carrier of a meaning, the text says it too.
    """

    text: str
    detail: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Row:
    """A row; its first cell names it.

    Attributes:
        cells: one a column.
        remark: why what the row is about did not pay; shown with it, marked.
    """

    cells: tuple[Cell, ...]
    remark: str = ""


@dataclass(frozen=True)
class Column:
    """A column's heading, what it means in small, and whether its cells are numbers."""

    title: str
    detail: str = ""
    is_number: bool = True


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        key: unique on its page.
        caption: for people.
        columns: the first one holds the rows' names.
        rows: each as long as the columns.
        notes: sentences below it.
    """

    key: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def remarks(self) -> list[str]:
        """What is remarked on rows, with their names."""
        return [f"{row.cells[0].text} did not pay: {row.remark}" for row in self.rows if row.remark]
