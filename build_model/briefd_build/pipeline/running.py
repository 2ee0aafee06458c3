"""The stages of a run, one after the other: each changes the model, is exported, served, and measured.

Every stage starts from what the stage before it left on disk, with chance of its own, so that a run which was stopped
goes on as if it had not been.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Precision, Work
from briefd_build.pipeline.parsing import nearest
from briefd_build.pipeline.recipe import BASELINE, SOURCE, Recipe, Step
from briefd_build.pipeline.rows import Measured, Rows
from briefd_build.pipeline.seeding import seed_everything, stage_seed
from briefd_build.pipeline.stage_folder import Applied, stage_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from briefd_build.pipeline.measuring import Measuring
    from briefd_build.pipeline.model import Kind, Model, Report, Stage
    from briefd_build.pipeline.results import Score, StageResult
    from briefd_build.pipeline.stage_folder import StageFolder


SOURCE_STEP = Step(SOURCE, SOURCE)
"""What comes before the stages of every recipe: its model is opened."""


@dataclass(frozen=True)
class Run:
    """One run of a recipe.

    Attributes:
        recipe: that is run.
        stages: by name, made of the recipe's steps.
        kind: of the model.
        measuring: how bundles are measured.
        folder: of the run, claimed for it.
        thread_count: threads that run the models when they are measured.
        report: told what is being done.
        show: told the row of a stage when it is measured, and the metric that leads.
    """

    recipe: Recipe
    stages: Mapping[str, Stage]
    kind: Kind
    measuring: Measuring
    folder: Path
    thread_count: int
    report: Report
    show: Callable[[StageResult, Score], None]

    def run(self) -> Rows:
        """Do all stages that are not done yet; gives the rows of all.

        Raises:
            BuildError: a stage does not fit the model, or what was exported is not the model.

        """
        rows = Rows(self.kind, self.recipe, self.measuring)
        previous: StageFolder | None = None
        for step in self.steps:
            folder = self.stage_folder(step.name)
            self._finish(step, folder, previous)
            self.show(rows.add(Measured(step, folder)), self.kind.metrics[0])
            previous = folder
        return rows

    @property
    def steps(self) -> tuple[Step, ...]:
        """The stages, that of the source first."""
        return (SOURCE_STEP, *self.recipe.steps)

    @property
    def source_directory(self) -> Path:
        """Where the model is that the recipe starts from, if it is a directory."""
        return Path(self.recipe.source)

    def open_source(self) -> None:
        """Open the model that the recipe starts from, unless that is done."""
        folder = self.stage_folder(SOURCE)
        if not folder.model.exists():
            self._apply(SOURCE_STEP, folder, None)

    @property
    def unfinished(self) -> list[Step]:
        """The stages that are still to be done."""
        return [step for step in self.steps if not self.stage_folder(step.name).is_measured]

    def stage_folder(self, name: str) -> StageFolder:
        """Give the folder of a stage."""
        return stage_folder(self.folder, [step.name for step in self.steps].index(name), name)

    def _finish(self, step: Step, folder: StageFolder, previous: StageFolder | None) -> None:
        """Do what is lacking of a stage."""
        try:
            if not folder.model.exists():
                self._apply(step, folder, previous)
            folder.discard_work()
            if not folder.bundle.exists():
                self._export(step, folder)
                # The weights are of no use any more, and memory is wanted for measuring.
                gc.collect()
            if not folder.is_measured:
                self._measure(step, folder, previous)
        except BuildError as error:
            raise BuildError(f"{step.name}: {error}") from error

    def _apply(self, step: Step, folder: StageFolder, previous: StageFolder | None) -> None:
        seed_everything(stage_seed(self.recipe.seed, step.name))
        started = time.perf_counter()
        if previous is None:
            self.report(f"{step.name}: opening the model", 0.0)
            model = self.kind.open(self.recipe.source)
            done = f"opened, {sum(each.numel() for each in model.network.parameters()):,} parameters"
        else:
            model = self._load(previous)
            resumed = "; it was stopped on the way: the time is that of the last part" if folder.has_work else ""
            done = self._change(step, model, folder) + resumed
        applied = Applied(done, time.perf_counter() - started, model.form.precision is Precision.FLOAT32)
        with folder.writing_model(applied) as saved:
            self.kind.save(model, saved)

    def _change(self, step: Step, model: Model, folder: StageFolder) -> str:
        work = Work(self.kind, folder.make_work(), self._open_stage, self.recipe.seed, self._reporter(step))
        return self.stages[step.name].apply(model, work)

    def _export(self, step: Step, folder: StageFolder) -> None:
        # As it was saved: what a run that was stopped would export.
        model = self._load(folder)
        with folder.writing_bundle() as directory:
            folder.write_check(self.kind.write_bundle(model, directory, self._reporter(step)))

    def _measure(self, step: Step, folder: StageFolder, previous: StageFolder | None) -> None:
        report, before = self._reporter(step), previous.bundle if previous else None
        cost = self.measuring.cost(folder.bundle, before, self.kind.timed_texts(), self.thread_count, report)
        folder.write_measures(cost, self.kind.answer(folder.bundle, self.thread_count, report))

    def _open_stage(self, name: str) -> Model:
        name = self.recipe.baseline if name == BASELINE else name
        done = [step.name for step in self.steps if self.stage_folder(step.name).model.exists()]
        if name not in done:
            raise BuildError(f"there is no earlier stage {name!r}; {nearest(name, done)}")
        return self._load(self.stage_folder(name))

    def _load(self, folder: StageFolder) -> Model:
        with folder.reading():
            return self.kind.load(folder.model)

    def _reporter(self, step: Step) -> Report:
        return lambda what, share: self.report(f"{step.name}: {what}", share)
