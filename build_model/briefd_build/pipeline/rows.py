"""The table of a run: what was measured of each stage, with its quality beside the baseline's and whether it paid."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from briefd_build.measures.quality import find_disagreements, share_equal
from briefd_build.measures.verdict import verdict
from briefd_build.pipeline.results import Interval, StageResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_build.pipeline.measuring import Measuring
    from briefd_build.pipeline.model import Kind
    from briefd_build.pipeline.recipe import Recipe, Step
    from briefd_build.pipeline.results import Answer, Disagreement
    from briefd_build.pipeline.stage_folder import StageFolder

_QUALITY, _QUALITY_ALONE, _CHANGES = "quality.json", "quality-alone.json", "changes.json"


@dataclass(frozen=True)
class Measured:
    """A stage that is done."""

    step: Step
    folder: StageFolder

    @cached_property
    def answers(self) -> list[Answer]:
        """Its answers to the evaluation texts."""
        return self.folder.read_answers()


class Rows:
    """Rows of stages, in order.

    Until the baseline is measured there is nothing to compare with: a stage is compared with itself, and its agreement
    is not known (NaN).
    """

    def __init__(self, kind: Kind, recipe: Recipe, measuring: Measuring) -> None:
        self._kind = kind
        self._recipe = recipe
        self._measuring = measuring
        self._measured: list[Measured] = []
        self._baseline: Measured | None = None
        self.rows: list[StageResult] = []

    def add(self, measured: Measured) -> StageResult:
        """Add the row of a stage; those before the baseline are made again with it."""
        self._measured.append(measured)
        if measured.step.name == self._recipe.baseline:
            self._baseline, self.rows = measured, []
        for number in range(len(self.rows), len(self._measured)):
            previous = self._measured[number - 1] if number else None
            self.rows.append(self._make(self._measured[number], previous))
        return self.rows[-1]

    def disagreements(self) -> list[Disagreement]:
        """Show texts to which the last stage says something else than the baseline; 20 at most."""
        assert self._baseline is not None
        return find_disagreements(self._baseline.answers, self._measured[-1].answers)

    def text_count(self) -> int:
        """How many texts were answered."""
        return len(self._measured[-1].answers)

    def _make(self, measured: Measured, previous: Measured | None) -> StageResult:
        applied = measured.folder.read_applied()
        row = StageResult(
            name=measured.step.name,
            stage=measured.step.stage,
            parameters=measured.step.parameters,
            done=applied.done,
            check=measured.folder.read_check(),
            cost=measured.folder.read_cost(),
            quality=self._quality(measured),
            agreement=share_equal(measured.answers, self._baseline.answers) if self._baseline else math.nan,
            seconds=applied.seconds,
            verdict="",
            files_digest=measured.folder.files_digest(),
        )
        leading = self._kind.metrics[0]
        if previous is None:
            return replace(row, verdict=verdict(None, row, leading, None))
        change = self._changes(measured, previous).get(leading.name)
        return replace(row, verdict=verdict(self.rows[-1], row, leading, change))

    def _quality(self, measured: Measured) -> dict[str, Interval]:
        reference = self._baseline or measured
        return _remember(
            measured,
            reference,
            _QUALITY if self._baseline else _QUALITY_ALONE,
            lambda: self._measuring.intervals(self._kind.score, measured.answers, reference.answers, self._recipe.seed),
        )

    def _changes(self, measured: Measured, previous: Measured) -> dict[str, Interval]:
        return _remember(
            measured,
            previous,
            _CHANGES,
            lambda: self._measuring.differences(
                self._kind.score, measured.answers, previous.answers, self._recipe.seed
            ),
        )


def _remember(
    measured: Measured, other: Measured, name: str, find: Callable[[], dict[str, Interval]]
) -> dict[str, Interval]:
    """Keep intervals in the stage's folder: a thousand resamples of some thousand texts take a while."""
    compared = f"{measured.folder.answers_digest()} {other.folder.answers_digest()}"
    kept = measured.folder.remember(name, compared, lambda: {key: asdict(each) for key, each in find().items()})
    with measured.folder.reading():
        return {key: Interval(**each) for key, each in kept.items()}
