"""The content of a run's report, and its three forms."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.reporting import run_tables
from briefd_build.reporting.headline import Tile, headline, tiles
from briefd_build.reporting.markdown import Markdown
from briefd_build.reporting.page import render
from briefd_build.reporting.quantities import plain
from briefd_build.reporting.record import record_to_json
from briefd_build.reporting.terminal import listed, rendered
from briefd_build.reporting.writing import write_three

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from briefd_build.pipeline.results import Disagreement, RunRecord
    from briefd_build.reporting.figures import PlotFigure
    from briefd_build.reporting.tables import Table


@dataclass(frozen=True)
class RunReport:
    """What the page and the Markdown text show; see the templates."""

    title: str
    description: str
    baseline: str
    passes: bool
    sentences: Sequence[str]
    tiles: Sequence[Tile]
    stages: Table
    gates: Table | None
    figures: Sequence[PlotFigure]
    details: Sequence[Table]
    examples: Sequence[Disagreement]
    facts: Sequence[Table]
    command: str
    recipe: str
    notes: Sequence[str]


def write_reports(record: RunRecord, folder: Path) -> list[Path]:
    """Write report.html, report.md and report.json, each whole or not at all.

    Args:
        record: of a run, whether its gates passed or not.
        folder: made where it is not there; reports in it are replaced.

    Returns:
        The files, the page first.

    Raises:
        BuildError: the folder can't be written.

    """
    content = run_report(record)
    page = render("report.html.jinja", {"report": content})
    return write_three(folder, page, to_markdown(content), record_to_json(record))


def run_report(record: RunRecord) -> RunReport:
    """Lay out what a record holds."""
    from briefd_build.reporting.figures import run_figures  # noqa: PLC0415 - matplotlib takes a second to import

    facts = [
        run_tables.facts_table("provenance", "Provenance", record.provenance),
        run_tables.facts_table("environment", "Environment", record.environment),
    ]
    return RunReport(
        title=run_name(record),
        description=str(record.recipe.get("description", "")),
        baseline=record.baseline,
        passes=all(gate.passes for gate in record.gates),
        sentences=headline(record),
        tiles=tiles(record),
        stages=run_tables.stages_table(record),
        gates=run_tables.gates_table(record),
        figures=run_figures(record),
        details=[
            run_tables.size_table(record),
            run_tables.run_table(record),
            run_tables.quality_table(record),
            run_tables.steps_table(record),
        ],
        examples=record.disagreements,
        facts=[table for table in facts if table is not None],
        command=record.command,
        recipe=plain(json.dumps(record.recipe, indent=2, ensure_ascii=False, default=str)),
        notes=record.notes,
    )


def shown(record: RunRecord) -> list[RenderableType]:
    """Give the stages and what they come to, for a terminal."""
    return [*rendered(run_tables.stages_table(record)), *listed(headline(record))]


def run_name(record: RunRecord) -> str:
    """Return the name of the recipe, which is the bundle's."""
    return str(record.recipe.get("name") or "run")


def to_markdown(report: RunReport) -> str:
    """Write a report for a terminal or a pull request; it says what the page does, without the plots."""
    text = Markdown()
    text.heading(1, report.title)
    text.paragraph(report.description)
    text.points(report.sentences)
    text.table(report.stages, level=2)
    if report.gates is not None:
        text.table(report.gates, level=2)
    for table in report.details:
        text.table(table, level=2)
    text.heading(2, "Examples where the answers differ")
    text.examples(report.examples, "baseline", "optimized")
    text.heading(2, "Command")
    text.code(report.command)
    for table in report.facts:
        text.table(table, level=2)
    text.heading(2, "Recipe")
    text.code(report.recipe)
    if report.notes:
        text.heading(2, "Notes")
        text.points(report.notes)
    return text.written()
