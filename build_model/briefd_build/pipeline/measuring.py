"""How a run measures; one object, so that a run of a model without a real engine can be given another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_build.measures.cost import measure_cost
from briefd_build.measures.pytorch import measure_pytorch
from briefd_build.measures.quality import differences, intervals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_build.measures.quality import ScoreAnswers
    from briefd_build.pipeline.model import Kind, Report
    from briefd_build.pipeline.results import Answer, Cost, Interval


class Measuring:
    """Measures with the functions of `briefd_build.measures`, which say what each gives."""

    def cost(
        self, bundle: Path, previous: Path | None, texts: Sequence[str], thread_count: int, report: Report
    ) -> Cost:
        """Measure a bundle, turn about with the previous stage's."""
        return measure_cost(bundle, previous, texts, thread_count, report)

    def pytorch(
        self, model_folder: Path, make_kind: Callable[[], Kind], bundle: Path, texts: Sequence[str], thread_count: int
    ) -> Cost:
        """Measure a saved model in PyTorch, eagerly, turn about with a bundle."""
        return measure_pytorch(model_folder, make_kind, bundle, texts, thread_count)

    def intervals(
        self, score: ScoreAnswers, answers: Sequence[Answer], baseline: Sequence[Answer], seed: int
    ) -> dict[str, Interval]:
        """Give the metrics of answers with their intervals."""
        return intervals(score, answers, baseline, seed)

    def differences(
        self, score: ScoreAnswers, answers: Sequence[Answer], reference: Sequence[Answer], seed: int
    ) -> dict[str, Interval]:
        """Give by how much the metrics of answers are above a reference's."""
        return differences(score, answers, reference, seed)
