"""What a run of a recipe found: the record that a bundle's manifest carries and that every report is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Score:
    """A metric of quality.

    Attributes:
        name: as a key: `word_f1`.
        title: for people.
        is_percent: whether values are from 0 to 100, else from 0 to 1.
        points: what one point of the metric is, in its own unit (0.01 where values go to 1).
    """

    name: str
    title: str
    is_percent: bool = False

    @property
    def points(self) -> float:
        """One point, in the metric's own unit."""
        return 1.0 if self.is_percent else 0.01


@dataclass(frozen=True)
class Answer:
    """What a model said of one evaluation text.

    Attributes:
        text: what it was given; empty where the set's licence forbids to show it.
        expected: references or the right label; likewise empty.
        given: the answer.
        scores: numbers of this answer that `Kind.score` sums up.
    """

    text: str
    expected: tuple[str, ...]
    given: str
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval by bootstrap over the texts."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cost:
    """What a model takes, measured on its bundle by the serving engine in a process of its own.

    Attributes:
        file_bytes: of all files of the served variant.
        compressed_bytes: the same files in one deflate stream each, level 6.
        parameters: weights in the graphs; `nonzeros`: those that are not 0 (not the zero point).
        macs: multiplications and additions of one call on the text of median length (or one prompt and one token).
        bytes_read: weights that such a call reads, in bytes.
        load_seconds: from the start of loading to ready, median.
        rss_bytes: resident memory of the process after the calls; `rss_peak_bytes`: at its highest.
        p50_ms, p95_ms: of a call, over texts and rounds.
        previous_p50_ms: of the previous stage's bundle in the same rounds, turn about, and of the last stage's in those
            of PyTorch; None for the first.
        cpu_seconds: processor time of a call, mean.
        joules: energy of a call, mean; `is_energy_measured`: by a meter, else estimated from the processor time.
        engine: "onnxruntime" or "pytorch".
    """

    file_bytes: int
    compressed_bytes: int
    parameters: int
    nonzeros: int
    macs: int | None
    bytes_read: int | None
    load_seconds: float
    rss_bytes: int | None
    rss_peak_bytes: int | None
    p50_ms: float
    p95_ms: float
    previous_p50_ms: float | None
    cpu_seconds: float
    joules: float | None
    is_energy_measured: bool
    energy_source: str
    engine: str = "onnxruntime"


@dataclass(frozen=True)
class StageResult:
    """One row of the table.

    Attributes:
        name: of the stage, unique in the run; "source" for what the recipe starts from.
        stage: its type, such as `prune-unstructured`.
        parameters: of the stage, as the recipe gave them.
        done: what it did, in one line.
        check: what was checked after it, in one line.
        cost: what the model takes now.
        quality: metrics by name.
        agreement: with the baseline's answers, share of equal ones, 0 to 1.
        seconds: that the stage itself took.
        verdict: empty, or why the stage did not pay.
        files_digest: SHA-256 over the names and hashes of the bundle's model files.
    """

    name: str
    stage: str
    parameters: dict[str, Any]
    done: str
    check: str
    cost: Cost
    quality: dict[str, Interval]
    agreement: float
    seconds: float
    verdict: str
    files_digest: str


@dataclass(frozen=True)
class Disagreement:
    """A text to which baseline and optimized model give different answers; of a set that may be shown."""

    text: str
    expected: str
    baseline: str
    optimized: str


@dataclass(frozen=True)
class GateResult:
    """A gate of the recipe: what was allowed, what was found, and whether it passes."""

    name: str
    allowed: float
    found: float
    passes: bool


@dataclass(frozen=True)
class RunRecord:
    """Everything that a run found.

    Attributes:
        recipe: as it was run, `--set` applied; JSON.
        metrics: the task's metrics, the leading one first.
        baseline: name of the stage that quality is compared with.
        stages: rows, in order; the first is "source".
        pytorch: cost of the baseline run by PyTorch, eagerly, in float32; for comparison.
        gates: in the recipe's order.
        disagreements: 20 at most.
        evaluation: the sets and how many texts of each.
        environment: processor, cores, memory, system, Python and library versions, threads.
        provenance: source model and data with hashes and licences.
        command: that makes this again.
        notes: for people, such as what is not deterministic.
    """

    recipe: dict[str, Any]
    metrics: list[Score]
    baseline: str
    stages: list[StageResult]
    pytorch: Cost | None
    gates: list[GateResult]
    disagreements: list[Disagreement]
    evaluation: dict[str, int]
    environment: dict[str, str]
    provenance: dict[str, Any]
    command: str
    notes: list[str]
