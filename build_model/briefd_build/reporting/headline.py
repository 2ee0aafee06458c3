"""What a run bought and cost, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.reporting import findings, measures, quantities

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_build.pipeline.results import RunRecord
    from briefd_build.reporting.measures import Measure

EQUAL = 0.02
"""Ratios nearer to 1 than this are called equal: two runs of one bundle differ by as much."""


@dataclass(frozen=True)
class Tile:
    """A figure of the headline.

    Attributes:
        title: what it is.
        value: of the last stage.
        before: of the baseline; empty where it is the last stage itself.
        against_baseline: its change against the baseline; empty where that is unknown.
        pytorch: of the baseline run by PyTorch; empty where it was not measured.
        against_pytorch: the change against that.
        tone: `good` or `bad` where it changed.
    """

    title: str
    value: str
    before: str
    against_baseline: str
    pytorch: str = ""
    against_pytorch: str = ""
    tone: str = ""


def headline(record: RunRecord) -> list[str]:
    """Say in sentences what the run's bundle bought and cost, against its baseline and against PyTorch."""
    sentences = [_against_baseline(record), _quality(record), _against_pytorch(record), _unpaid(record), _gates(record)]
    return [sentence for sentence in sentences if sentence]


def tiles(record: RunRecord) -> list[Tile]:
    """Give the figures of the last stage: bytes, time, memory, energy, quality."""
    costs = ((measures.FILE, "Files"), (measures.P50, "Time of a call, p50"), (measures.MEMORY, "Memory"))
    source = measures.energy_word(record.stages[-1].cost)
    energy = (measures.ENERGY, f"Energy a call, {source}" if source else "Energy a call")
    return [*(_cost_tile(record, measure, title) for measure, title in (*costs, energy)), *_quality_tiles(record)]


def _cost_tile(record: RunRecord, measure: Measure, title: str) -> Tile:
    last = record.stages[-1]
    baseline = None if last.name == record.baseline else findings.ratio_to_baseline(record, last, measure)
    pytorch = findings.ratio_to_pytorch(record, measure)
    return Tile(
        title,
        measure.written(last.cost),
        "" if baseline is None else measure.written(findings.baseline_of(record).cost),
        "" if baseline is None else quantities.change(baseline),
        "" if pytorch is None else measure.written(record.pytorch),
        "" if pytorch is None else quantities.change(pytorch),
        _tone(baseline),
    )


def _quality_tiles(record: RunRecord) -> list[Tile]:
    score = findings.leading(record)
    if score is None:
        return []
    last = record.stages[-1]
    interval = findings.known_quality(last, score)
    points = None if last.name == record.baseline else findings.points_gained(record, last, score)
    within = measures.written_interval(score, interval)
    value = measures.written_value(score, interval.value if interval else None)
    if interval is None or points is None:
        return [Tile(score.title, value, "", "")]
    before = measures.written_value(score, interval.value - points * score.points)
    against = f"{quantities.signed(points)} points" + (f" (95 %: {within})" if within else "")
    return [Tile(score.title, value, before, against)]


def _tone(ratio: float | None) -> str:
    if ratio is None or abs(ratio - 1) < EQUAL:
        return ""
    return "good" if ratio < 1 else "bad"


def _against_baseline(record: RunRecord) -> str:
    last = record.stages[-1]
    if last.name == record.baseline:
        return f"The last stage is the baseline itself, {record.baseline}: there is nothing to compare it with."
    said = describe(lambda measure: findings.ratio_to_baseline(record, last, measure), measures.energy_word(last.cost))
    return f"Against its baseline, {record.baseline}, the bundle {said}." if said else ""


def _against_pytorch(record: RunRecord) -> str:
    source = measures.energy_word(record.stages[-1].cost)
    said = describe(lambda measure: findings.ratio_to_pytorch(record, measure), source)
    return f"Against the baseline run by PyTorch it {said}." if said else ""


def describe(ratio_of: Callable[[Measure], float | None], source: str) -> str:
    """Say how large and fast a bundle is and what it takes, each as a ratio to another's.

    Args:
        ratio_of: gives the ratio of a measure, None where it is not known.
        source: whether the energy was measured or estimated.

    Returns:
        `is 78 % smaller and 2.55 times as fast, and takes 64 % less memory`; empty where nothing is known.

    """
    memory, energy = ratio_of(measures.MEMORY), ratio_of(measures.ENERGY)
    being = _listed([_size(ratio_of(measures.FILE)), speed(ratio_of(measures.P50))])
    taking = _listed([_taking(memory, "memory"), _taking(energy, f"energy a call ({source})")])
    return ", and ".join(filter(None, (f"is {being}" if being else "", f"takes {taking}" if taking else "")))


def _size(ratio: float | None) -> str:
    if ratio is None:
        return ""
    if abs(ratio - 1) < EQUAL:
        return "as large"
    return f"{_percent_less(ratio)} smaller" if ratio < 1 else f"{_times_more(ratio)} larger"


def speed(ratio: float | None) -> str:
    """Say how fast something is that takes this many times as long."""
    if not quantities.is_known(ratio) or ratio <= 0:
        return ""
    if abs(ratio - 1) < EQUAL:
        return "as fast"
    if ratio < 1:
        return f"{quantities.significant(round(1 / ratio, 2))} times as fast"
    return f"{_times_more(ratio)} slower"


def _taking(ratio: float | None, what: str) -> str:
    if ratio is None:
        return ""
    if abs(ratio - 1) < EQUAL:
        return f"as much {what}"
    return f"{_percent_less(ratio)} less {what}" if ratio < 1 else f"{_times_more(ratio)} more {what}"


def _percent_less(ratio: float) -> str:
    return quantities.change(ratio).removeprefix(quantities.MINUS)


def _times_more(ratio: float) -> str:
    return quantities.change(ratio).removeprefix("+") if ratio < 3 else f"{quantities.significant(ratio - 1)} times"


def _listed(parts: list[str]) -> str:
    return " and ".join(filter(None, parts))


def _quality(record: RunRecord) -> str:
    score = findings.leading(record)
    last = record.stages[-1]
    if score is None or (interval := findings.known_quality(last, score)) is None:
        return ""
    points = findings.points_gained(record, last, score)
    within = measures.written_interval(score, interval)
    value = measures.written_value(score, interval.value) + (f" (95 % interval {within})" if within else "")
    if points is None or last.name == record.baseline:
        return f"{score.title} is {value}."
    before = measures.written_value(score, interval.value - points * score.points)
    same = quantities.share(last.agreement)
    tail = "" if same == quantities.MISSING else f"; {same} of its answers are the baseline's"
    return f"{score.title} goes from {before} to {value}, {quantities.signed(points)} points{tail}."


def _unpaid(record: RunRecord) -> str:
    names = [stage.name for stage in record.stages if stage.verdict]
    if not names:
        return ""
    word = "1 stage did not pay" if len(names) == 1 else f"{len(names)} stages did not pay"
    return f"{word}: {', '.join(names)}."


def _gates(record: RunRecord) -> str:
    if not record.gates:
        return ""
    failed = [findings.gate_title(gate.name) for gate in record.gates if not gate.passes]
    if failed:
        word = "fails" if len(failed) == 1 else "fail"
        return f"{len(failed)} of {len(record.gates)} gates {word}: {', '.join(failed)}."
    return "The gate passes." if len(record.gates) == 1 else f"All {len(record.gates)} gates pass."
