"""The content of a comparison's report, and its forms."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.reporting import findings, measures, quantities
from briefd_build.reporting.headline import EQUAL, describe
from briefd_build.reporting.markdown import Markdown
from briefd_build.reporting.page import render
from briefd_build.reporting.record import finite
from briefd_build.reporting.run_tables import facts_table
from briefd_build.reporting.tables import Cell, Column, Row, Table
from briefd_build.reporting.terminal import listed, rendered
from briefd_build.reporting.writing import write_three

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from briefd_build.pipeline.results import Disagreement, Interval, RunRecord, Score
    from briefd_build.reporting.comparing import Comparison, Side
    from briefd_build.reporting.figures import PlotFigure
    from briefd_build.reporting.measures import Measure

_BETTER = "better"
_COST_NOTE = (
    "Of p50, both were taken in the same rounds, turn about: the noise of the machine cancels. The other times were "
    "taken one after the other; where the machine does something else meanwhile, measure again."
)


@dataclass(frozen=True)
class ComparisonReport:
    """What the page and the Markdown text show; see the templates."""

    title: str
    sentences: Sequence[str]
    tables: Sequence[Table]
    figures: Sequence[PlotFigure]
    examples: Sequence[Disagreement]
    facts: Sequence[Table]


def write_comparison(comparison: Comparison, folder: Path) -> list[Path]:
    """Write report.html, report.md and report.json of a comparison, as `write_reports` does of a run."""
    content = comparison_report(comparison)
    page = render("comparison.html.jinja", {"report": content})
    return write_three(folder, page, to_markdown(content), comparison_to_json(comparison))


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """Give the comparison's fields as JSON knows them, without NaN."""
    content: dict[str, Any] = finite(asdict(comparison))
    return content


def comparison_report(comparison: Comparison) -> ComparisonReport:
    """Lay a comparison out."""
    return ComparisonReport(
        title=f"{comparison.first.name} and {comparison.second.name}",
        sentences=sentences(comparison),
        tables=list(comparison_tables(comparison)),
        figures=_figures(comparison),
        examples=comparison.disagreements,
        facts=[
            each
            for each in (_bundles_table(comparison), facts_table("environment", "Environment", comparison.environment))
            if each
        ],
    )


def shown(comparison: Comparison) -> list[RenderableType]:
    """Give the tables and what they come to, for a terminal."""
    drawn = [each for table in comparison_tables(comparison) for each in rendered(table)]
    return [*drawn, *listed(sentences(comparison))]


def to_markdown(report: ComparisonReport) -> str:
    """Write a comparison for a terminal or a pull request."""
    text = Markdown()
    text.heading(1, report.title)
    text.points(report.sentences)
    for table in report.tables:
        text.table(table, level=2)
    text.heading(2, "Examples where the answers differ")
    text.examples(report.examples, "A", "B")
    for table in report.facts:
        text.table(table, level=2)
    return text.written()


def sentences(comparison: Comparison) -> list[str]:
    """Say what the second bundle saves and costs against the first."""
    said = describe(lambda measure: ratio_of(comparison, measure), measures.energy_word(comparison.second.cost))
    same = quantities.share(comparison.agreement)
    threads = "1 thread" if comparison.thread_count == 1 else f"{comparison.thread_count} threads"
    against = f"B ({comparison.second.name}) {said} against A ({comparison.first.name}), on {threads}."
    return [against, f"Both give the same answer to {same} of {comparison.text_count:,} texts."]


def ratio_of(comparison: Comparison, measure: Measure) -> float | None:
    """Divide B's cost by A's."""
    return quantities.ratio(measure.of(comparison.second.cost), measure.of(comparison.first.cost))


def comparison_tables(comparison: Comparison) -> Iterator[Table]:
    """Lay out cost and, where both bundles carry a record with the same metrics, quality."""
    rows = tuple(_cost_row(comparison, measure) for measure in measures.ALL)
    columns = (Column("Cost", is_number=False), *_sides(comparison), Column("B to A"))
    yield Table("cost", "What both take, measured now", columns, rows, (_COST_NOTE,))
    quality = [_quality_row(comparison, score) for score in common_metrics(comparison)]
    if quality:
        columns = (
            Column("Metric", "95 % interval", is_number=False),
            *_sides(comparison),
            Column("B \N{MINUS SIGN} A", "points"),
        )
        yield Table(
            "metrics", "Quality, from the bundles' own records", columns, tuple(quality), _quality_notes(comparison)
        )


def common_metrics(comparison: Comparison) -> list[Score]:
    """Return the metrics that the last stages of both records have; none where a bundle carries no record."""
    first, second = comparison.first.record, comparison.second.record
    return [score for score in first.metrics if score in second.metrics] if first and second else []


def _sides(comparison: Comparison) -> tuple[Column, Column]:
    return Column("A", comparison.first.name), Column("B", comparison.second.name)


def _cost_row(comparison: Comparison, measure: Measure) -> Row:
    ratio = ratio_of(comparison, measure)
    is_equal = ratio is None or abs(ratio - 1) < EQUAL
    cells = [
        _marked(measure.written(side.cost), is_better=not is_equal and ratio is not None and (ratio < 1) is is_second)
        for side, is_second in ((comparison.first, False), (comparison.second, True))
    ]
    return Row((Cell(measure.title, _energy_detail(comparison, measure)), *cells, Cell(quantities.times(ratio))))


def _energy_detail(comparison: Comparison, measure: Measure) -> str:
    if measure is not measures.ENERGY:
        return ""
    return measures.energy_source(comparison.first.cost, comparison.second.cost)


def _marked(text: str, *, is_better: bool, detail: str = "") -> Cell:
    details = "; ".join(filter(None, (detail, _BETTER if is_better else "")))
    return Cell(text, details, "good" if is_better else "")


def _quality_row(comparison: Comparison, score: Score) -> Row:
    first, second = (_last_quality(side, score) for side in (comparison.first, comparison.second))
    points = None if first is None or second is None else (second.value - first.value) / score.points
    is_telling = points is not None and _is_same_evaluation(comparison) and not _overlap(first, second)
    cells = [
        _marked(
            measures.written_value(score, interval.value if interval else None),
            is_better=is_telling and points is not None and (points > 0) is is_second,
            detail=measures.written_interval(score, interval),
        )
        for interval, is_second in ((first, False), (second, True))
    ]
    return Row((Cell(score.title), *cells, Cell(quantities.MISSING if points is None else quantities.signed(points))))


def _last_quality(side: Side, score: Score) -> Interval | None:
    return findings.known_quality(side.record.stages[-1], score) if side.record else None


def _overlap(first: Interval | None, second: Interval | None) -> bool:
    return first is None or second is None or (first.low <= second.high and second.low <= first.high)


def _is_same_evaluation(comparison: Comparison) -> bool:
    first, second = comparison.first.record, comparison.second.record
    return first is not None and second is not None and first.evaluation == second.evaluation


def _quality_notes(comparison: Comparison) -> tuple[str, ...]:
    if _is_same_evaluation(comparison):
        return ("The better one is marked where the intervals do not overlap.",)
    return ("The two were evaluated on different sets or numbers of texts: neither is marked as the better one.",)


def _bundles_table(comparison: Comparison) -> Table:
    names = ("name", "directory", "digest", "engine", "variant", "language", "license")
    sides = (comparison.first, comparison.second)
    rows = [Row((Cell(name), *(Cell(str(getattr(side, name))) for side in sides))) for name in names]
    rows.append(Row((Cell("stages"), *(Cell(_stages(side.record)) for side in sides))))
    columns = tuple(Column(title, is_number=False) for title in ("Bundle", "A", "B"))
    return Table("bundles", "Bundles", columns, tuple(rows))


def _stages(record: RunRecord | None) -> str:
    return ", ".join(stage.name for stage in record.stages) if record else "made without a recipe"


def _figures(comparison: Comparison) -> list[PlotFigure]:
    from briefd_build.reporting.figures import (  # noqa: PLC0415 - matplotlib takes a second to import
        Contender,
        bar_figures,
        quality_figures,
    )

    records = [side.record for side in (comparison.first, comparison.second) if side.record]
    have_metric = len(records) == 2 and findings.leading(records[0]) == findings.leading(records[1])
    sides = ((comparison.first, "A"), (comparison.second, "B"))
    contenders = [Contender(f"{name} {side.name}", side.cost, series) for series, (side, name) in enumerate(sides)]
    return [*(quality_figures(records, ("A", "B")) if have_metric else []), *bar_figures(contenders)]
