"""Two bundles measured beside each other: what each takes, and how often they answer alike."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_build.measures.cost import measure_cost
from briefd_build.measures.files import served_variant
from briefd_build.measures.metered import load_answering
from briefd_build.measures.quality import find_disagreements, share_equal
from briefd_build.pipeline.environment import describe_environment
from briefd_build.pipeline.results import Answer
from briefd_build.reporting.record import find_record
from briefd_server.bundle import CLASSIFY, read_bundle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.pipeline.model import Report
    from briefd_build.pipeline.results import Cost, Disagreement, RunRecord
    from briefd_server.bundle import Bundle

# Shares of the work that are done once A is measured, both are, A has answered.
_FIRST_MEASURED, _BOTH_MEASURED, _FIRST_ANSWERED = 0.4, 0.8, 0.9


@dataclass(frozen=True)
class Side:
    """One of two bundles.

    Attributes:
        name: the bundle's.
        directory: as it was given.
        digest: `sha256:` and that of its manifest.
        engine: that serves it.
        variant: the form that is served on this processor.
        language: of the texts.
        license: of the model.
        cost: measured now, beside the other; the second one's `previous_p50_ms` is the first one's `p50_ms`.
        record: of the run that made it, None where no run did.
    """

    name: str
    directory: str
    digest: str
    engine: str
    variant: str
    language: str
    license: str
    cost: Cost
    record: RunRecord | None


@dataclass(frozen=True)
class Comparison:
    """Two bundles of one task.

    Attributes:
        task: of both.
        first: A, which ratios are to.
        second: B.
        agreement: share of texts that both answer alike, 0 to 1.
        text_count: how many texts there were.
        thread_count: threads that ran the models.
        disagreements: `baseline` is A's answer, `optimized` is B's; 20 at most.
        environment: machine and libraries.
    """

    task: str
    first: Side
    second: Side
    agreement: float
    text_count: int
    thread_count: int
    disagreements: list[Disagreement]
    environment: dict[str, str]


def compare_bundles(first: Path, second: Path, texts: Sequence[str], thread_count: int, report: Report) -> Comparison:
    """Measure two bundles turn about, and let both answer the texts.

    Args:
        first: directory of A.
        second: that of B.
        texts: at least one, each with a word in it.
        thread_count: threads that run the models.
        report: told what is being done.

    Raises:
        BuildError: their tasks differ, or measuring failed.
        BriefdError: a directory is no bundle, or none that this processor runs.

    """
    bundles = read_bundle(first), read_bundle(second)
    check_comparable(*bundles)
    # Each beside the other: a call beside another model's takes longer than one that has the caches to itself.
    first_cost = measure_cost(first, second, texts, thread_count, _part(report, "A", 0, _FIRST_MEASURED))
    second_cost = measure_cost(second, first, texts, thread_count, _part(report, "B", _FIRST_MEASURED, _BOTH_MEASURED))
    if second_cost.previous_p50_ms is not None:
        # The two times of the same rounds, so that they and their ratio agree.
        first_cost = dataclasses.replace(first_cost, p50_ms=second_cost.previous_p50_ms)
    theirs = _answers(bundles[0], texts, thread_count, _part(report, "A", _BOTH_MEASURED, _FIRST_ANSWERED))
    ours = _answers(bundles[1], texts, thread_count, _part(report, "B", _FIRST_ANSWERED, 1.0))
    return Comparison(
        task=bundles[0].manifest.task,
        first=_side(bundles[0], first_cost),
        second=_side(bundles[1], second_cost),
        agreement=share_equal(ours, theirs),
        text_count=len(texts),
        thread_count=thread_count,
        disagreements=find_disagreements(theirs, ours),
        environment=describe_environment(thread_count),
    )


def check_comparable(first: Bundle, second: Bundle) -> None:
    """Refuse bundles whose answers can't be set beside each other.

    Raises:
        BuildError: one summarizes and the other classifies, or their labels differ.

    """
    tasks = first.manifest.task, second.manifest.task
    if tasks[0] != tasks[1]:
        raise BuildError(
            f"{first.directory} is there to {tasks[0]} texts and {second.directory} to {tasks[1]} them: "
            "compare two bundles of one task"
        )
    if tasks[0] == CLASSIFY:
        labels, others = (frozenset(each.manifest.engine_parameters.get("labels", ())) for each in (first, second))
        if labels != others:
            raise BuildError(
                f"{first.directory} and {second.directory} know different labels: compare two classifiers of one set"
            )


def _part(report: Report, name: str, start: float, end: float) -> Report:
    return lambda what, done: report(f"{name}: {what}", start + done * (end - start))


def _answers(bundle: Bundle, texts: Sequence[str], thread_count: int, report: Report) -> list[Answer]:
    answer = load_answering(bundle, served_variant(bundle), thread_count)
    answers = []
    for number, text in enumerate(texts):
        report("answering", number / len(texts))
        answers.append(Answer(text, (), answer(text)))
    return answers


def _side(bundle: Bundle, cost: Cost) -> Side:
    manifest = bundle.manifest
    return Side(
        name=manifest.name,
        directory=str(bundle.directory),
        digest=bundle.digest,
        engine=manifest.engine,
        variant=served_variant(bundle),
        language=manifest.language,
        license=manifest.license,
        cost=cost,
        record=find_record(bundle),
    )
