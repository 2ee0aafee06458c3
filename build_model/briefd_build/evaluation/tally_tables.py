"""Tallies of reading, laid out for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Column, Table

if TYPE_CHECKING:
    from briefd_build.evaluation.tally import Tally


def tally_table(genre: str, tally: Tally) -> Table:
    """Lay out the shares of one genre, old beside new, and how often which is better."""
    table = Table(genre, *(Column(name, no_wrap=True) for name in ("old", "new")))
    for name, (old, new) in tally.shares.items():
        table.add_row(name, str(old), str(new))
    table.add_section()
    better = tally.preferences
    table.add_row("better", str(better["old"]), str(better["new"]))
    table.add_row("same", str(better["same"]), "")
    return table
