"""Fewer bits: what a model's weights and products become when it is exported."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from briefd_build.compression.fake_quantization import fake_quantized
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Calibration, Lesson, Model, Precision
from briefd_build.pipeline.stages.finetune import check_schedule

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Work

_PRECISIONS = {
    ("dynamic", 8): Precision.INT8_DYNAMIC,
    ("qat", 8): Precision.INT8_DYNAMIC,
    ("static", 8): Precision.INT8_STATIC,
    ("weight-only", 8): Precision.INT8_WEIGHTS,
    ("weight-only", 4): Precision.INT4_WEIGHTS,
    ("float16", 16): Precision.FLOAT16,
}
_SAID = {
    Precision.INT8_DYNAMIC: "INT8 weights, activations quantized as they come",
    Precision.INT8_STATIC: "INT8 weights and activations",
    Precision.INT8_WEIGHTS: "INT8 weights by block",
    Precision.INT4_WEIGHTS: "INT4 weights by block",
    Precision.FLOAT16: "float16 weights",
}
_METHODS = ("min-max", "entropy", "percentile")


@dataclass(frozen=True)
class Quantize:
    """How a model is quantized.

    Attributes:
        method: `dynamic`; `static`, with activation ranges that calibration finds; `qat`, which trains with rounding
            and then is as `dynamic`; `float16`; `weight-only`.
        bits: of a weight: 8, or 4 with `weight-only`; None: 8, or 16 with `float16`.
        calibration: of `static`.
        epochs, rate, head_rate: of the training of `qat`, as in `Lesson`.
        labels, logits, temperature: likewise; the teacher is the model as it was before.
        seed: likewise; None: the recipe's.
        output: of a language model, how its output layer is computed: see `Form`.
    """

    method: Literal["dynamic", "static", "qat", "float16", "weight-only"]
    bits: int | None = None
    calibration: Calibration | None = None
    epochs: int | None = None
    rate: float | None = None
    head_rate: float | None = None
    labels: float = 1.0
    logits: float = 1.0
    temperature: float = 1.0
    seed: int | None = None
    output: Literal["full", "screened", "shortlist"] = "full"

    def __post_init__(self) -> None:
        if (self.method, self._bits) not in _PRECISIONS:
            fitting = " or ".join(str(bits) for method, bits in _PRECISIONS if method == self.method)
            raise ValueError(f"bits must be {fitting} with method = {self.method!r}")
        if self.calibration is not None:
            _check_calibration(self.method, self.calibration)
        self._check_training()

    def _check_training(self) -> None:
        given = self.epochs is not None, self.rate is not None
        if self.method != "qat" and any((*given, self.head_rate is not None, self.seed is not None)):
            raise ValueError('epochs, rate, head_rate and seed go with method = "qat": nothing else trains')
        if self.method == "qat":
            if self.epochs is None or self.rate is None:
                raise ValueError('method = "qat" trains: give epochs and rate, such as epochs = 1 and rate = 3e-5')
            check_schedule(self.epochs, self.rate, self.head_rate, self.seed)
        if min(self.labels, self.logits) < 0 or not self.labels + self.logits or self.temperature <= 0:
            raise ValueError("labels and logits must be 0 or more and not both 0, and temperature above 0")

    @property
    def _bits(self) -> int:
        return self.bits or (16 if self.method == "float16" else 8)

    def apply(self, model: Model, work: Work) -> str:
        """Set the form, after training with rounding where that is the method."""
        precision = _PRECISIONS[self.method, self._bits]
        if self.output not in work.kind.output_layers:
            raise BuildError("quantize: only language models have an output layer of tokens; leave output out")
        trained = self._train(model, work) if self.method == "qat" else ""
        calibration = self.calibration or Calibration()
        model.form = replace(model.form, precision=precision, calibration=calibration, output=self.output)
        ranges = f", ranges by {calibration.method}, {calibration.batches} batches at most"
        return trained + _SAID[precision] + (ranges if precision is Precision.INT8_STATIC else "")

    def _train(self, model: Model, work: Work) -> str:
        assert self.epochs is not None
        assert self.rate is not None
        teacher = Model(copy.deepcopy(model.network).eval(), model.tokenizer, model.form, dict(model.facts))
        seed = work.seed if self.seed is None else self.seed
        lesson = Lesson(
            self.epochs, self.rate, self.head_rate, None, self.labels, self.logits, temperature=self.temperature,
            seed=seed,
        )  # fmt: skip
        with fake_quantized(model.network) as layers:
            work.train(model, lesson, teacher if self.logits else None)
        return f"trained {layers} layers for {self.epochs} epochs with their rounding; "


def _check_calibration(method: str, calibration: Calibration) -> None:
    if method != "static":
        raise ValueError('calibration goes with method = "static"')
    if calibration.method not in _METHODS:
        raise ValueError(f"calibration.method must be one of {', '.join(_METHODS)}")
    if calibration.batches < 1:
        raise ValueError("calibration.batches must be 1 or more; 24 is usual")
    if not 50 < calibration.percentile <= 100:
        raise ValueError("calibration.percentile must be above 50 and at most 100; 99.99 is usual")
