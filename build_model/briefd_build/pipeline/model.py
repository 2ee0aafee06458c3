"""The seams of the pipeline: a model between two stages, the kind it is of, and a stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from torch import Tensor, nn

    from briefd_build.compression.anatomy import Anatomy
    from briefd_build.pipeline.results import Answer, Score

    Report = Callable[[str, float], None]
    """Called with what is being done and the share of it that is done, 0 to 1."""


class Precision(Enum):
    """How weights are stored and multiplied when a model is served."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    INT8_DYNAMIC = "int8-dynamic"
    """INT8 weights, activations quantized as they come."""
    INT8_STATIC = "int8-static"
    """INT8 weights, activations quantized by ranges that were found on calibration data."""
    INT8_WEIGHTS = "int8-weights"
    """INT8 weights by block, float32 activations outside the kernel."""
    INT4_WEIGHTS = "int4-weights"


@dataclass(frozen=True)
class Calibration:
    """How the ranges of static quantization are found: `min-max`, `entropy` or `percentile`, on this many batches."""

    method: str = "min-max"
    batches: int = 24
    percentile: float = 99.99


@dataclass(frozen=True)
class Form:
    """What a model becomes when it is exported; stages change it, exporting obeys it.

    Attributes:
        precision: of weights and products.
        calibration: for static quantization.
        is_optimized: whether ONNX Runtime's transformer fusions are applied.
        output: of a generative model: `full`, `screened` or `shortlist` (see `generative.variants`).
        opset: version of ONNX's operators; None: the exporter's own.
    """

    precision: Precision = Precision.FLOAT32
    calibration: Calibration = field(default_factory=Calibration)
    is_optimized: bool = False
    output: str = "full"
    opset: int | None = None


@dataclass
class Model:
    """A model between two stages, in memory.

    Attributes:
        network: float32 weights, in evaluation mode, on the CPU; stages change it in place or replace it.
        tokenizer: without padding and truncation.
        form: how it is exported.
        facts: what else its kind must know to rebuild, export or serve it; JSON.
    """

    network: nn.Module
    tokenizer: Tokenizer
    form: Form = field(default_factory=Form)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """How a model is trained: first, in recovery, or by a teacher.

    Attributes:
        epochs: how often the training set is seen.
        rate: highest learning rate of the encoder (or of the whole network).
        head_rate: that of the task's heads; None: as `rate`.
        lora_rank: train LoRA's matrices of this rank and merge them; None: all weights.
        labels: weight of the loss against the labels; the weights below count with a teacher only.
        logits: weight of the distance from the teacher's outputs, at `temperature`.
        states: weight of the distance from the teacher's hidden states.
        attention: weight of the distance from the teacher's attention.
        temperature: of the softened outputs (Hinton, Vinyals and Dean 2015).
        seed: of everything random.
        layer_decay: of the encoder's rate, from each layer to the one below it.
        freezes_words: whether the embeddings of tokens stay as they are.
    """

    epochs: int
    rate: float
    head_rate: float | None = None
    lora_rank: int | None = None
    labels: float = 1.0
    logits: float = 1.0
    states: float = 0.0
    attention: float = 0.0
    temperature: float = 1.0
    seed: int = 1
    layer_decay: float = 1.0
    freezes_words: bool = False


class Kind(Protocol):
    """What the stages, and whoever measures, need to know of a kind of model; one implementation a task.

    An implementation is made from a recipe's `[model]`, `[data]` and `[evaluation]` tables, which it checks.
    """

    def open(self, source: str) -> Model:
        """Open a model: a directory or a hub name; raises `BuildError`."""

    def save(self, model: Model, folder: Path) -> None:
        """Write a model so that `load` gives an equal one."""

    def load(self, folder: Path) -> Model:
        """Read what `save` wrote."""

    @property
    def output_layers(self) -> Collection[str]:
        """Return what `Form.output` may be."""

    def anatomy(self, model: Model) -> Anatomy | None:
        """Tell what structured pruning can take out of the network; None where it knows nothing of it."""

    def texts(self, model: Model) -> Sequence[str]:
        """Return the training texts as the model reads them, which decide what vocabulary is needed."""

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        """Compute the loss on this many batches of training data, the same ones each time, with gradients enabled."""

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        """Train a network in place, from the checkpoint where there is one; raises `BuildError` where it diverges."""

    def finish(self, model: Model, report: Report) -> None:
        """Fit what depends on the trained network but is no part of it; called after every `train`."""

    def write_bundle(self, model: Model, directory: Path, report: Report) -> str:
        """Export as `model.form` says into a bundle that the daemon can serve, with a manifest without evaluation.

        Returns:
            What was checked, for people: "1,113 of 1,113 tokens as PyTorch's", "outputs within 2e-6 of PyTorch's".

        Raises:
            BuildError: a check of parity (float32) or of agreement (all other forms) failed.
        """

    def run_in_pytorch(self, model: Model) -> Callable[[str], object]:
        """Return what runs the network on one text in PyTorch, eagerly: the reference of speed."""

    def timed_texts(self) -> Sequence[str]:
        """Return the texts that are timed, some 20 to 50, of the length that the task is about."""

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """Let the serving engine answer all evaluation texts of a bundle."""

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """Sum answers up as metrics; `baseline` are those of the baseline to the same texts, for the agreement."""

    @property
    def metrics(self) -> Sequence[Score]:
        """Return the metrics that `score` gives, the one that gates and presets are about first."""


@dataclass
class Work:
    """What a stage is given besides the model.

    Attributes:
        kind: of the model.
        folder: the stage's own, for checkpoints; kept when the run is interrupted.
        open_stage: gives the model that an earlier stage of this run left, by the stage's name ("source" for the model
            that the recipe starts from); raises `BuildError` where there is no such stage.
        seed: of the recipe.
        report: see `Report`.
    """

    kind: Kind
    folder: Path
    open_stage: Callable[[str], Model]
    seed: int
    report: Report

    def train(self, model: Model, lesson: Lesson, teacher: Model | None = None) -> None:
        """Train a model in place, from the checkpoint where there is one, and fit what depends on its network.

        Raises:
            BuildError: the lesson is none for these models, or the training diverges.
        """
        self.kind.train(model, lesson, teacher, self.folder / "training.checkpoint", self.report)
        self.kind.finish(model, self.report)


class Stage(Protocol):
    """One step of a recipe: a frozen dataclass whose fields are the step's parameters in the recipe."""

    def apply(self, model: Model, work: Work) -> str:
        """Change the model (its network, tokenizer, form or facts), and say in one line what was done.

        Raises:
            BuildError: the parameters don't fit the model.
        """
