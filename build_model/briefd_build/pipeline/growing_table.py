"""The stage table while a run makes it: one line a stage, as each of them is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_build.pipeline.stage_folder import TAKEN_OVER
from briefd_build.reporting import measures, quantities

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_build.pipeline.results import Score, StageResult

# What follows the stage's name: a size, a time, a factor, a size, a value and a share.
_WIDTHS = (10, 10, 8, 10, 9, 9)


class GrowingTable:
    """Lines of text for a terminal of 80 columns and more.

    Args:
        stages: names of all stages that there will be.
    """

    def __init__(self, stages: Sequence[str]) -> None:
        self._name_width = max(len(name) for name in ("stage", *stages))
        self._is_begun = False

    def lines(self, row: StageResult, leading: Score) -> Iterator[str]:
        """Give a stage's line, below the heading where it is the first, and below it why the stage did not pay."""
        if not self._is_begun:
            self._is_begun = True
            yield self._line("stage", ("files", "p50", "to last", "memory", "quality", "agreeing"))
        cost, quality = row.cost, row.quality.get(leading.name)
        yield self._line(
            row.name,
            (
                measures.FILE.written(cost),
                measures.P50.written(cost),
                quantities.times(quantities.ratio(cost.p50_ms, cost.previous_p50_ms)),
                measures.MEMORY.written(cost),
                measures.written_value(leading, quality.value if quality else None),
                quantities.share(row.agreement),
            ),
        )
        if TAKEN_OVER in row.done:
            yield f"  {row.name}: {row.done}"
        if row.verdict:
            yield f"  {row.name} did not pay: {row.verdict}"

    def _line(self, name: str, cells: Sequence[str]) -> str:
        placed = (cell.rjust(width) for cell, width in zip(cells, _WIDTHS, strict=True))
        return f"{name.ljust(self._name_width)} {' '.join(placed)}"
