"""Plots as SVG that stands in a page: its colours are the page's, so that they follow light and dark.

Matplotlib knows no CSS. It draws with colours that stand for the page's variables, which take their place afterwards;
texts stay texts, in the page's font.
"""

from __future__ import annotations

import io
import re
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator
from matplotlib.transforms import Bbox

from briefd_build.reporting import quantities
from briefd_build.reporting.findings import pareto_front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

# Colours that nothing else has, and the variables of templates/style.css that they stand for.
_INK, _QUIET, _RULE, _PAPER = "#010101", "#020202", "#030303", "#040404"
_SERIES = ("#050505", "#060606")
_SOFT_SERIES = ("#070707", "#080808")
_VARIABLES = {
    _INK: "--ink",
    _QUIET: "--quiet",
    _RULE: "--rule",
    _PAPER: "--paper",
    _SERIES[0]: "--series-1",
    _SERIES[1]: "--series-2",
    _SOFT_SERIES[0]: "--series-1-soft",
    _SOFT_SERIES[1]: "--series-2-soft",
}
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names may hold a dollar sign
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11,
    "text.color": _INK,
    "axes.labelcolor": _QUIET,
    "axes.edgecolor": _RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _RULE,
    "ytick.color": _RULE,
    "xtick.labelcolor": _QUIET,
    "ytick.labelcolor": _INK,
    "grid.color": _RULE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 10,
}
# Inches of 72 units: on a phone's 360 pixels the letters are still 9 pixels high.
_WIDTH = 6.0
_BAR_HEIGHT = 0.3
_MOST_LABEL_LETTERS = 24
# Of more points only the first, the last and those of the front bear a label: all would cover each other.
_MOST_LABELLED_POINTS = 12
# The second series' points are smaller, so that both show where they meet.
_MARKER_SIZES = (9, 6)
# Times further apart than this are drawn on a logarithmic axis, where the small ones can still be told apart.
_LOGARITHMIC_SPREAD = 3.0
_NAMESPACES = {"": "http://www.w3.org/2000/svg", "xlink": "http://www.w3.org/1999/xlink"}
_SVG = f"{{{_NAMESPACES['']}}}"


@dataclass(frozen=True)
class Bar:
    """A bar, and a softer one behind it that is at least as long; None where there is no value.

    Attributes:
        label: beside it.
        value: its length.
        behind: that of the other one.
        series: 0 or 1: its colour.
    """

    label: str
    value: float | None
    behind: float | None = None
    series: int = 0


@dataclass(frozen=True)
class Point:
    """What a model costs and how good it is, with its 95 % interval.

    Attributes:
        label: beside it, short.
        x: its cost.
        y: its quality.
        low: lower end of the interval, None where there is none.
        high: upper end.
        series: 0 or 1: its colour.
        is_reference: drawn hollow, and no part of the front.
    """

    label: str
    x: float
    y: float
    low: float | None = None
    high: float | None = None
    series: int = 0
    is_reference: bool = False


def draw_bars(
    key: str, alt: str, bars: Sequence[Bar], write: Callable[[float | None], str], legend: Sequence[str]
) -> str:
    """Draw horizontal bars with their values written out.

    Args:
        key: unique on the page.
        alt: what is to be seen, for those who can't.
        bars: from above.
        write: writes a value with its unit.
        legend: what the bars and those behind them are; empty for none.
    """
    with _style():
        figure = Figure(figsize=(_WIDTH, _BAR_HEIGHT * len(bars) + (0.75 if legend else 0.3)), layout="constrained")
        axes = figure.add_subplot()
        places = range(len(bars))
        ends = [max(bar.value or 0.0, bar.behind or 0.0) for bar in bars]
        axes.barh(places, [bar.behind or 0.0 for bar in bars], 0.72, color=[_SOFT_SERIES[bar.series] for bar in bars])
        axes.barh(places, [bar.value or 0.0 for bar in bars], 0.72, color=[_SERIES[bar.series] for bar in bars])
        for place, bar, end in zip(places, bars, ends, strict=True):
            written = write(bar.value) if bar.behind is None else f"{write(bar.value)} / {write(bar.behind)}"
            axes.annotate(written, (end, place), (4, 0), textcoords="offset points", va="center")
        axes.set_yticks(places, [shortened(bar.label) for bar in bars])
        axes.set_ylim(len(bars) - 0.4, -0.6)
        room = 1.25 if all(bar.behind is None for bar in bars) else 1.6
        axes.set_xlim(0, room * max(ends, default=0.0) or 1.0)  # the values are written there
        axes.xaxis.set_major_locator(NullLocator())
        axes.tick_params(axis="y", length=0)
        axes.spines[["bottom", "left"]].set_visible(False)
        if legend:
            handles = [_swatch(axes, color) for color in (_SERIES[0], _SOFT_SERIES[0])]
            figure.legend(handles, legend, loc="outside lower left", ncols=2, handlelength=1.0)
        return _as_svg(figure, key, alt)


def draw_quality(
    key: str, alt: str, points: Sequence[Point], x_title: str, y_title: str, write: Callable[[float | None], str]
) -> str:
    """Draw quality against cost, and the line through those points that no other one beats.

    Args:
        key: unique on the page.
        alt: what is to be seen, for those who can't.
        points: at least one.
        x_title: what the cost is.
        y_title: what the quality is.
        write: writes a cost with its unit.
    """
    with _style():
        figure = Figure(figsize=(_WIDTH, 4.2), layout="constrained")
        axes = figure.add_subplot()
        axes.grid(visible=True)
        axes.set_axisbelow(True)
        _scale(axes, points, write)
        _draw_front(axes, points)
        for point in points:
            _draw_point(axes, point)
        axes.set_xlabel(f"{x_title}  (further left: faster)")
        axes.set_ylabel(quantities.one_line(y_title))
        axes.margins(0.12)
        _place_labels(figure, axes, points)
        return _as_svg(figure, key, alt)


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context(_SETTINGS), warnings.catch_warnings():
        # It lays texts out by a font of its own, and the page shows them in another that may well have the letter.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


def shortened(label: str) -> str:
    """Put a label on one line, and cut it where it leaves no room for what it labels."""
    label = quantities.one_line(label)
    return label if len(label) <= _MOST_LABEL_LETTERS else f"{label[: _MOST_LABEL_LETTERS - 1]}…"


def _swatch(axes: Axes, color: str) -> Any:
    return axes.barh([0], [0], color=color)


def _scale(axes: Axes, points: Sequence[Point], write: Callable[[float | None], str]) -> None:
    """Choose the axis of the cost and write its ticks with their unit."""
    costs = [point.x for point in points]
    if min(costs) > 0 and max(costs) > _LOGARITHMIC_SPREAD * min(costs):
        axes.set_xscale("log", subs=[2, 5])
        axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: write(value)))
    else:
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axes.tick_params(length=0, which="both")


def _draw_front(axes: Axes, points: Sequence[Point]) -> None:
    front = _front(points)
    axes.plot([point.x for point in front], [point.y for point in front], color=_QUIET, linewidth=1.4, zorder=2)
    # A ring marks a point of the front, whatever its series.
    axes.plot(
        [point.x for point in front],
        [point.y for point in front],
        linestyle="none",
        marker="o",
        markersize=13,
        markerfacecolor="none",
        markeredgecolor=_INK,
        zorder=3,
    )


def _front(points: Sequence[Point]) -> list[Point]:
    candidates = [point for point in points if not point.is_reference]
    return [candidates[index] for index in pareto_front([(point.x, point.y) for point in candidates])]


def _labelled(points: Sequence[Point]) -> Sequence[Point]:
    if len(points) <= _MOST_LABELLED_POINTS:
        return points
    kept = [points[0], points[-1], *_front(points), *(point for point in points if point.is_reference)]
    return [point for point in points if point in kept]


def _draw_point(axes: Axes, point: Point) -> None:
    color = _SERIES[point.series]
    if point.low is not None and point.high is not None:
        axes.plot([point.x, point.x], [point.low, point.high], color=color, linewidth=1.2, alpha=0.55, zorder=1)
    face = _PAPER if point.is_reference else color
    axes.plot(
        [point.x],
        [point.y],
        marker="o",
        markersize=_MARKER_SIZES[point.series],
        color=color,
        markerfacecolor=face,
        zorder=4,
    )


# Where a label may stand about its point, in points of distance, best first.
_LABEL_PLACES = ((9, 6), (9, -15), (-9, 6), (-9, -15), (9, 20), (9, -29), (-9, 20), (-9, -29))


def _place_labels(figure: Figure, axes: Axes, points: Sequence[Point]) -> None:
    """Write the points' labels where they stay inside and cover nothing; what finds no such place is left out."""
    figure.draw_without_rendering()
    centres = axes.transData.transform([(point.x, point.y) for point in points])
    radius = _MARKER_SIZES[0] / 2 * figure.dpi / 72
    taken = [Bbox.from_bounds(x - radius, y - radius, 2 * radius, 2 * radius) for x, y in centres]
    for point in _labelled(points):
        for place in _LABEL_PLACES:
            label = _label(axes, point, place)
            box = label.get_window_extent()
            is_inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1
            if is_inside and not any(box.overlaps(each) for each in taken):
                taken.append(box)
                break
            label.remove()


def _label(axes: Axes, point: Point, place: tuple[int, int]) -> Annotation:
    return axes.annotate(
        shortened(point.label),
        (point.x, point.y),
        place,
        textcoords="offset points",
        ha="left" if place[0] > 0 else "right",
        zorder=5,
    )


def _as_svg(figure: Figure, key: str, alt: str) -> str:
    """Write a figure as an SVG element with the page's colours, ids of its own, and a text for those who can't see."""
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": key}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    for prefix, address in _NAMESPACES.items():
        ET.register_namespace(prefix, address)
    root = ET.fromstring(file.getvalue())  # noqa: S314 - matplotlib wrote it a moment ago
    for metadata in root.findall(f"{_SVG}metadata"):
        root.remove(metadata)
    for element in root.iter():
        _adapt(element, key)
    # Sizes are the page's business; only the shape is the plot's.
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", quantities.one_line(alt))
    return ET.tostring(root, encoding="unicode")


def _adapt(element: ET.Element, key: str) -> None:
    """Put the page's variables in the place of colours, and the figure's key before ids, which are one page's."""
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, f"{key}-{value}")
        elif value.startswith("#") and name.endswith("href"):
            element.set(name, f"#{key}-{value[1:]}")
        else:
            colored = re.sub("|".join(_VARIABLES), lambda match: f"var({_VARIABLES[match[0]]})", value)
            element.set(name, colored.replace("url(#", f"url(#{key}-"))
    if element.tag == f"{_SVG}style":
        element.text = ""
