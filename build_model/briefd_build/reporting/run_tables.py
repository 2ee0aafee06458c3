"""The tables of a run's report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from briefd_build.pipeline.results import Interval
from briefd_build.reporting import findings, measures, quantities
from briefd_build.reporting.tables import Cell, Column, Row, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from briefd_build.pipeline.results import Cost, GateResult, RunRecord, Score, StageResult
    from briefd_build.reporting.measures import Measure

PYTORCH = "PyTorch"
_DIGEST_DIGITS = 12
_STAGE = Column("Stage", is_number=False)
# How a gate's value is written, by the end of its title; those of no other end are plain numbers.
_WRITERS = (
    (" bytes", quantities.size),
    (" ratio", quantities.times),
    (" loss", quantities.share),
    (" points", lambda value: f"{value:.2f} points" if quantities.is_known(value) else quantities.MISSING),
)


def stages_table(record: RunRecord) -> Table:
    """Lay out what each stage bought and cost, with what was done and, marked, what did not pay."""
    score = findings.leading(record)
    columns = [
        _STAGE,
        *(Column(each.title) for each in (measures.FILE, measures.P50)),
        Column("Time", "to the stage before, interleaved"),
        *(Column(each.title) for each in (measures.MEMORY, measures.ENERGY)),
        *([Column(score.title, "95 % interval")] if score else []),
        Column("Agreement", "same answers as the baseline"),
    ]
    rows = tuple(_stage_row(record, number, score) for number in range(len(record.stages)))
    return Table("stages", "What every stage bought and cost", tuple(columns), rows)


def size_table(record: RunRecord) -> Table:
    """Lay out the sizes after every stage."""
    columns = (_STAGE, *(Column(each.title) for each in measures.SIZES))
    rows = [Row((Cell(name), *_size_cells(cost))) for name, cost in _costs(record)]
    return Table("sizes", "Size and work of a call", columns, tuple(rows), (_SIZE_NOTE,))


_SIZE_NOTE = (
    "Compressed: each file in a deflate stream of its own. MACs: multiplications with an addition. Weights that are "
    "zero take as long as others unless whole rows, heads or layers are gone."
)


def _size_cells(cost: Cost) -> Iterator[Cell]:
    for measure in measures.SIZES:
        if measure is measures.NONZEROS:
            part = quantities.ratio(measure.of(cost), measures.PARAMETERS.of(cost))
            yield Cell(measure.written(cost), quantities.share(part) if part is not None else "")
        else:
            yield Cell(measure.written(cost))


def run_table(record: RunRecord) -> Table:
    """Lay out time, memory and energy after every stage."""
    columns = (
        _STAGE,
        *(Column(each.title) for each in (*measures.BEFORE_P50, measures.P50)),
        Column("Time", "to the stage before"),
        *(Column(each.title) for each in measures.AFTER_P50),
    )
    rows = tuple(Row((Cell(name), *_run_cells(cost))) for name, cost in _costs(record))
    return Table("runs", "Time, memory and energy", columns, rows, (_RUN_NOTE,))


_RUN_NOTE = (
    "p50 and p95: of a call. The time to the stage before, and PyTorch's to the last stage, comes of rounds in which "
    "the two took turns, so that the noise of the machine cancels; two p50 of different rows were taken at different "
    "moments."
)


def _run_cells(cost: Cost) -> Iterator[Cell]:
    for measure in (*measures.BEFORE_P50, measures.P50):
        yield Cell(measure.written(cost))
    yield _previous_cell(cost)
    for measure in (measures.P95, measures.CPU):
        yield Cell(measure.written(cost))
    yield Cell(measures.ENERGY.written(cost), measures.energy_source(cost))


def quality_table(record: RunRecord) -> Table:
    """Lay out every metric after every stage, with its interval and the points to the baseline."""
    columns = (
        _STAGE,
        *(Column(score.title, "95 % interval") for score in record.metrics),
        Column("Agreement", "all answers"),
    )
    rows = [
        Row(
            (
                Cell(_numbered(number, stage)),
                *(_quality_cell(record, stage, score) for score in record.metrics),
                Cell(quantities.share(stage.agreement)),
            )
        )
        for number, stage in enumerate(record.stages)
    ]
    sets = ", ".join(f"{name}: {count:,} texts" for name, count in record.evaluation.items())
    return Table("quality", "Quality", columns, tuple(rows), (f"Measured on {sets}.",) if sets else ())


def steps_table(record: RunRecord) -> Table:
    """Lay out what was done and checked, with which parameters and how long it took."""
    columns = tuple(
        Column(title, is_number=title == "Took")
        for title in ("Stage", "Type", "Parameters", "Done", "Check", "Took", "Files' SHA-256")
    )
    rows = [
        Row(
            (
                Cell(_numbered(number, stage)),
                Cell(stage.stage),
                Cell(written_parameters(stage.parameters) or quantities.MISSING),
                Cell(stage.done or quantities.MISSING),
                Cell(stage.check or quantities.MISSING),
                Cell(quantities.seconds(stage.seconds)),
                Cell(stage.files_digest.removeprefix("sha256:")[:_DIGEST_DIGITS] or quantities.MISSING),
            )
        )
        for number, stage in enumerate(record.stages)
    ]
    return Table("steps", "What was done", columns, tuple(rows))


def gates_table(record: RunRecord) -> Table | None:
    """Lay out the gates; None where the recipe has none."""
    if not record.gates:
        return None
    columns = (Column("Gate", is_number=False), Column("Allowed"), Column("Found"), Column("Result", is_number=False))
    return Table("gates", "Gates", columns, tuple(_gate_row(gate) for gate in record.gates))


def facts_table(key: str, caption: str, facts: Mapping[str, Any]) -> Table | None:
    """Lay out names and values, nested ones under dotted names; None where there are none."""
    rows = tuple(Row((Cell(name), Cell(value))) for name, value in flattened(facts))
    columns = (Column("Name", is_number=False), Column("Value", is_number=False))
    return Table(key, caption, columns, rows) if rows else None


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Give the leaves of a JSON value with their dotted names; a list of plain values is one leaf."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from flattened(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        for number, each in enumerate(value, start=1):
            yield from flattened(each, f"{name} {number}")
    elif isinstance(value, list):
        yield name, ", ".join(map(_written, value))
    elif name:
        yield name, _written(value)


def written_parameters(parameters: Mapping[str, Any]) -> str:
    """Write the parameters of a stage: `share = 0.1, scope = global`."""
    return ", ".join(f"{name} = {value}" for name, value in flattened(parameters))


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _stage_row(record: RunRecord, number: int, score: Score | None) -> Row:
    stage = record.stages[number]
    cost = stage.cost
    cells = [
        Cell(_numbered(number, stage), stage.done),
        _changed_cell(record, stage, measures.FILE),
        _changed_cell(record, stage, measures.P50),
        _previous_cell(cost),
        _changed_cell(record, stage, measures.MEMORY),
        _changed_cell(record, stage, measures.ENERGY),
        *([_quality_cell(record, stage, score)] if score else []),
        Cell(quantities.share(stage.agreement)),
    ]
    return Row(tuple(cells), stage.verdict)


def _changed_cell(record: RunRecord, stage: StageResult, measure: Measure) -> Cell:
    ratio = None if stage.name == record.baseline else findings.ratio_to_baseline(record, stage, measure)
    return Cell(measure.written(stage.cost), "" if ratio is None else quantities.change(ratio))


def _previous_cell(cost: Cost) -> Cell:
    ratio = quantities.ratio(cost.p50_ms, cost.previous_p50_ms)
    before = f"from {quantities.milliseconds(cost.previous_p50_ms)}" if ratio is not None else ""
    return Cell(quantities.times(ratio), before)


def _quality_cell(record: RunRecord, stage: StageResult, score: Score) -> Cell:
    interval: Interval | None = findings.known_quality(stage, score)
    points = None if stage.name == record.baseline else findings.points_gained(record, stage, score)
    details = [measures.written_interval(score, interval)]
    if points is not None:
        details.append(f"{quantities.signed(points)} points")
    value = None if interval is None else interval.value
    return Cell(measures.written_value(score, value), "; ".join(each for each in details if each))


def _gate_row(gate: GateResult) -> Row:
    title = findings.gate_title(gate.name)
    write = next((writer for end, writer in _WRITERS if title.endswith(end)), _plain_number)
    result = Cell("passes", tone="good") if gate.passes else Cell("fails", tone="bad")
    return Row((Cell(title[:1].upper() + title[1:]), Cell(write(gate.allowed)), Cell(write(gate.found)), result))


def _plain_number(value: float | None) -> str:
    return quantities.significant(value) if quantities.is_known(value) else quantities.MISSING


def _costs(record: RunRecord) -> Sequence[tuple[str, Cost]]:
    rows = [(_numbered(number, stage), stage.cost) for number, stage in enumerate(record.stages)]
    if record.pytorch is not None:
        rows.append((f"{PYTORCH}, {record.baseline}", record.pytorch))
    return rows


def _numbered(number: int, stage: StageResult) -> str:
    """Name a stage as the plots do, whose points bear the numbers alone."""
    return f"{number} {stage.name}"
