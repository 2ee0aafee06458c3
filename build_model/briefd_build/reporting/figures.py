"""The figures of a report: what is drawn, with a caption and a description in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.reporting import findings, measures
from briefd_build.reporting.plots import Bar, Point, draw_bars, draw_quality

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.pipeline.results import Cost, RunRecord, Score
    from briefd_build.reporting.measures import Measure

_BAR_FIGURES = (
    ("files", "Size", measures.COMPRESSED, measures.FILE, ("compressed", "files")),
    ("memory", "Resident memory", measures.MEMORY, measures.PEAK_MEMORY, ("after the calls", "at its highest")),
    ("energy", "Energy a call", measures.ENERGY, None, ()),
    ("time", "Time of a call", measures.P50, measures.P95, ("p50", "p95")),
)
# Bars of more stages are longer than the plot of quality is high.
_MOST_POINTS_BESIDE = 8


@dataclass(frozen=True)
class PlotFigure:
    """A plot on a page.

    Attributes:
        key: unique on the page.
        caption: for people.
        svg: the element.
        is_alone: whether no other stands beside it.
    """

    key: str
    caption: str
    svg: str
    is_alone: bool = False


@dataclass(frozen=True)
class Contender:
    """A row of the bar plots."""

    label: str
    cost: Cost
    series: int = 0


def run_figures(record: RunRecord) -> list[PlotFigure]:
    """Draw a run: quality against time, sizes, memory, energy."""
    contenders = [Contender(f"{number} {stage.name}", stage.cost) for number, stage in enumerate(record.stages)]
    if record.pytorch is not None:
        contenders.append(Contender("PyTorch", record.pytorch, series=1))
    return [*quality_figures([record], ("",)), *bar_figures(contenders)]


def bar_figures(contenders: Sequence[Contender]) -> list[PlotFigure]:
    """Draw sizes, memory and energy as bars; what nobody measured is left out."""
    figures = []
    for key, caption, front, behind, legend in _BAR_FIGURES:
        if any(front.of(each.cost) is not None for each in contenders):
            bars = [
                Bar(each.label, front.of(each.cost), _behind(behind, each.cost), each.series) for each in contenders
            ]
            svg = draw_bars(key, _alt(caption, front, contenders), bars, front.write, legend)
            figures.append(PlotFigure(key, _with_source(caption, front, contenders), svg))
    return figures


def _behind(measure: Measure | None, cost: Cost) -> float | None:
    return None if measure is None else measure.of(cost)


def _alt(caption: str, measure: Measure, contenders: Sequence[Contender]) -> str:
    values = "; ".join(f"{each.label} {measure.written(each.cost)}" for each in contenders)
    return f"Bars, {caption.lower()}: {values}."


def _with_source(caption: str, measure: Measure, contenders: Sequence[Contender]) -> str:
    if measure is not measures.ENERGY:
        return caption
    return f"{caption} ({measures.energy_source(*(each.cost for each in contenders))})"


def quality_figures(records: Sequence[RunRecord], prefixes: Sequence[str]) -> list[PlotFigure]:
    """Draw quality against time of every stage of the runs, whose leading metric is the same; none where it is unknown.

    Args:
        records: one run, or two that are compared.
        prefixes: what stands before a stage's number.
    """
    score = findings.leading(records[0])
    if score is None:
        return []
    points = [
        point for number, record in enumerate(records) for point in _points(record, score, prefixes[number], number)
    ]
    if not points:
        return []
    described = "; ".join(f"{point.label}: {measures.P50.write(point.x)}, {point.y:.3g}" for point in points)
    alt = f"Points, {score.title} against the time of a call: {described}."
    svg = draw_quality("quality", alt, points, "time of a call, p50", _axis(score), measures.P50.write)
    caption = f"{score.title} against time, with 95 % intervals. Numbers are the stages'; none beats those with a ring"
    return [PlotFigure("quality", caption, svg, is_alone=len(points) > _MOST_POINTS_BESIDE)]


def _axis(score: Score) -> str:
    return f"{score.title}, %" if score.is_percent else score.title


def _points(record: RunRecord, score: Score, prefix: str, series: int) -> list[Point]:
    points = []
    for number, stage in enumerate(record.stages):
        time, quality = measures.P50.of(stage.cost), findings.known_quality(stage, score)
        if time is not None and quality is not None:
            points.append(Point(f"{prefix}{number}", time, quality.value, quality.low, quality.high, series))
    pytorch, baseline = measures.P50.of(record.pytorch), findings.known_quality(findings.baseline_of(record), score)
    if pytorch is not None and baseline is not None and len(points) > 0 and series == 0 and not prefix:
        points.append(Point("PyTorch", pytorch, baseline.value, series=1, is_reference=True))
    return points
