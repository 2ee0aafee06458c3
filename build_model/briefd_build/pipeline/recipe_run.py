"""`brief-build run`: from a recipe to a measured bundle, or to the report of why there is none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from briefd_build.errors import BuildError
from briefd_build.folder import BuildFolder
from briefd_build.generative.replacing import check_replaceable
from briefd_build.pipeline.bundling import write_run_bundle
from briefd_build.pipeline.claiming import claimed
from briefd_build.pipeline.environment import describe_environment
from briefd_build.pipeline.gates import check_gates
from briefd_build.pipeline.kinds import make_kind
from briefd_build.pipeline.notes import notes_of
from briefd_build.pipeline.parsing import nearest, refuse_unknown
from briefd_build.pipeline.preflight import check_run, estimate_run, weight_bytes_of
from briefd_build.pipeline.recipe import BASELINE, SOURCE
from briefd_build.pipeline.results import Cost, RunRecord
from briefd_build.pipeline.running import Run
from briefd_build.pipeline.stages import make_stage
from briefd_build.pipeline.taking_over import take_over_stages
from briefd_build.reporting.run_report import write_reports
from briefd_build.room import free_disk_bytes, free_memory_bytes
from briefd_server.bundle import read_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from briefd_build.pipeline.measuring import Measuring
    from briefd_build.pipeline.model import Kind, Report, Stage
    from briefd_build.pipeline.recipe import Recipe
    from briefd_build.pipeline.results import GateResult, Score, StageResult
    from briefd_build.pipeline.rows import Rows

_PYTORCH = "pytorch.json"


@dataclass(frozen=True)
class Order:
    """What is asked of a run.

    Attributes:
        recipe: to run.
        out: directory of the bundle.
        build: folder of the stages' results.
        data_directory: finds the corpora; can be pickled.
        thread_count: that train, and that run the models when they are measured.
        is_forced: whether the bundle is written even where a gate fails.
        command: that makes the run again.
        data: directory of the corpora where it is named; None: those that everybody can fetch.
    """

    recipe: Recipe
    out: Path
    build: Path
    data_directory: Callable[[], Path]
    thread_count: int
    is_forced: bool
    command: str
    data: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        record: of the run.
        reports: the report's files, the page first.
        failing: gates that fail.
        bundle: that was written; None where a gate forbade it.
    """

    record: RunRecord
    reports: list[Path]
    failing: list[GateResult]
    bundle: Path | None


def run_recipe(
    order: Order, measuring: Measuring, report: Report, show: Callable[[StageResult, Score], None]
) -> Outcome:
    """Run a recipe: its stages, the gates, the report, and the bundle.

    Args:
        order: what is asked.
        measuring: how bundles are measured.
        report: told what is being done and the share of it that is done, 0 to 1.
        show: told the row of each stage, and the metric that leads.

    Raises:
        BuildError: something is wrong with the recipe, the model or the machine, or a stage broke the model.

    """
    recipe = order.recipe
    stages = {step.name: make_stage(step.stage, step.parameters, f"stages.{step.name}") for step in recipe.steps}
    make = partial(make_kind, recipe.task, recipe.model, recipe.data, recipe.evaluation, order.data_directory)
    kind = make()
    check_teachers(recipe, stages)
    for family, metrics in (("points", recipe.gates.points), ("floors", recipe.gates.floors)):
        if metrics:
            refuse_unknown(metrics, [metric.name for metric in kind.metrics], f"gates.{family}")
    _check_places(order.out.resolve(), order.build.resolve())
    torch.set_num_threads(order.thread_count)
    with claimed(order.build, recipe, order.thread_count, order.data):
        take_over_stages(order.build)
        run = Run(recipe, stages, kind, measuring, order.build, order.thread_count, report, show)
        _check_room(run)
        rows = run.run()
        report("measuring the baseline in PyTorch", 0.0)
        pytorch = _measure_pytorch(run, make)
        record = _make_record(order, kind, rows, run, pytorch)
        report("writing the report", 1.0)
        return _conclude(order, run, record)


def check_teachers(recipe: Recipe, stages: Mapping[str, Stage]) -> None:
    """Refuse a teacher that will not be there, before the stages that come first are done.

    Raises:
        BuildError: a stage names a teacher that is no earlier stage.

    """
    earlier = [SOURCE]
    for step in recipe.steps:
        teacher = getattr(stages[step.name], "teacher", None)
        if isinstance(teacher, str) and (recipe.baseline if teacher == BASELINE else teacher) not in earlier:
            raise BuildError(f"stages.{step.name}: there is no earlier stage {teacher!r}; {nearest(teacher, earlier)}")
        earlier.append(step.name)


def _check_places(out: Path, build: Path) -> None:
    if out.is_relative_to(build) or build.is_relative_to(out):
        raise BuildError("--out and --build lie in each other; name another --out, which holds the bundle alone")
    check_replaceable(out)


def _check_room(run: Run) -> None:
    """Check disk and memory before the work; of a model from the hub once it is here, which was checked by itself."""
    if not run.unfinished:
        return
    weight_bytes = weight_bytes_of(run.source_directory)
    if weight_bytes is None:
        run.open_source()
        weight_bytes = weight_bytes_of(run.stage_folder(SOURCE).model) or 0
    needs = estimate_run(weight_bytes, run.recipe.task, run.unfinished)
    check_run(needs, run.folder, free_disk_bytes, free_memory_bytes)


def _measure_pytorch(run: Run, make: Callable[[], Kind]) -> Cost:
    """Measure the baseline in PyTorch, turn about with the last stage's bundle, unless an earlier run did."""
    folder = BuildFolder(run.folder)
    if not folder.has(_PYTORCH):
        model = run.stage_folder(run.recipe.baseline).model
        last = run.stage_folder(run.steps[-1].name).bundle
        cost = run.measuring.pytorch(model, make, last, run.kind.timed_texts(), run.thread_count)
        folder.write_json(_PYTORCH, asdict(cost))
    try:
        return Cost(**folder.read_json(_PYTORCH))
    except (ValueError, TypeError) as error:
        raise BuildError(
            f"{run.folder / _PYTORCH} is damaged; remove it, and the same command measures again"
        ) from error


def _make_record(order: Order, kind: Kind, rows: Rows, run: Run, pytorch: Cost) -> RunRecord:
    recipe = order.recipe
    baseline = read_bundle(run.stage_folder(recipe.baseline).bundle).manifest
    record = RunRecord(
        recipe=json.loads(json.dumps(recipe.to_json())),
        metrics=list(kind.metrics),
        baseline=recipe.baseline,
        stages=rows.rows,
        pytorch=pytorch,
        gates=[],
        disagreements=rows.disagreements(),
        evaluation={"texts answered": rows.text_count(), "texts timed": len(kind.timed_texts())},
        environment=describe_environment(order.thread_count),
        provenance=dict(baseline.provenance),
        command=order.command,
        notes=[],
    )
    record = replace(record, notes=notes_of(recipe, record, order.out))
    return replace(record, gates=check_gates(recipe.gates, record))


def _conclude(order: Order, run: Run, record: RunRecord) -> Outcome:
    """Write the report, and the bundle where the gates or the user let it."""
    reports = write_reports(record, order.build)
    failing = [gate for gate in record.gates if not gate.passes]
    if failing and not order.is_forced:
        return Outcome(record, reports, failing, None)
    baseline = run.stage_folder(record.baseline)
    write_run_bundle(
        run.kind,
        run.stage_folder(record.stages[-1].name).bundle,
        baseline.bundle if baseline.read_applied().is_float32 else None,
        record,
        order.out,
    )
    return Outcome(record, reports, failing, order.out)
