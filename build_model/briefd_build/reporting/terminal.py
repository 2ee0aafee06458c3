"""Tables in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table as RichTable
from rich.text import Text

from briefd_build.reporting.quantities import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from briefd_build.reporting.tables import Cell, Table

_STYLES = {"good": "green", "bad": "red", "": ""}


def rendered(table: Table) -> Iterator[RenderableType]:
    """Lay a table out, narrow enough for a terminal of 80 columns where its texts are short; its remarks below it."""
    drawn = RichTable(title=Text(one_line(table.caption), style="bold"), box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column in table.columns:
        heading = "\n".join(filter(None, (column.title.replace(" ", "\n"), column.detail)))
        drawn.add_column(Text(heading), justify="right" if column.is_number else "left", overflow="fold")
    for row in table.rows:
        drawn.add_row(*(_cell(cell) for cell in row.cells))
    yield drawn
    for remark in table.remarks:
        yield Text(one_line(remark), style="red")
    for note in table.notes:
        yield Text(one_line(note), style="dim")


def listed(sentences: Iterable[str]) -> Iterator[RenderableType]:
    """Lay sentences out, one a line."""
    for sentence in sentences:
        yield Text(f"- {one_line(sentence)}")


def _cell(cell: Cell) -> Text:
    text = Text(one_line(cell.text), style=_STYLES[cell.tone])
    if cell.detail:
        text.append(f"\n{one_line(cell.detail)}", style="dim")
    return text
