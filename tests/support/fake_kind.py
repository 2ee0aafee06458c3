"""A kind of models without a model: a few random weights, trained by adding chance, served by nobody.

Texts of a recipe's tables tell how it behaves: `[model] broken = "parity"` fails the check of a bundle, and training
waits for the file that its `wait_for` names. Every call is written to `calls.txt` in the model's directory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch
from bundle_factory import make_manifest
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models

from briefd_build.errors import BuildError
from briefd_build.pipeline.evaluation import EvaluationTable
from briefd_build.pipeline.measuring import Measuring
from briefd_build.pipeline.model import Form, Model, Precision
from briefd_build.pipeline.parsing import build
from briefd_build.pipeline.results import Answer, Cost, Interval, Score
from briefd_server.bundle import BASELINE, VariantEntry, describe_file, read_bundle, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import Tensor

    from briefd_build.measures.quality import ScoreAnswers
    from briefd_build.pipeline.model import Kind, Lesson, Report

WEIGHTS, GRAPH = "weights.safetensors", "optimized.onnx"
_TEXTS = 8


@dataclass(frozen=True)
class ModelTable:
    source: str
    broken: str = ""
    wait_for: str = ""


@dataclass(frozen=True)
class DataTable:
    """Asks for nothing."""


def write_fake_model(directory: Path) -> Path:
    directory.mkdir()
    save_file({"weight": torch.ones(4, 4)}, directory / WEIGHTS)
    return directory


def calls(directory: Path) -> list[str]:
    file = directory / "../calls.txt"
    return file.read_text().split() if file.exists() else []


class FakeKind:
    output_layers = ("full",)

    def __init__(
        self,
        model: Mapping[str, Any],
        data: Mapping[str, Any],
        evaluation: Mapping[str, Any],
        data_directory: Callable[[], Path],
    ) -> None:
        self._model = build(ModelTable, model, "model")
        build(DataTable, data, "data")
        build(EvaluationTable, evaluation, "evaluation")

    def open(self, source: str) -> Model:
        self._note("open")
        return self._read(Path(source), Form())

    def save(self, model: Model, folder: Path) -> None:
        self._note("save")
        save_file(model.network.state_dict(), folder / WEIGHTS)
        (folder / "form.txt").write_text(model.form.precision.value)

    def load(self, folder: Path) -> Model:
        return self._read(folder, Form(Precision((folder / "form.txt").read_text())))

    def anatomy(self, model: Model) -> None:
        return None

    def texts(self, model: Model) -> list[str]:
        return ["a text"]

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        raise AssertionError("no stage of the tests measures importance")

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        self._note("train")
        checkpoint.write_text("half")
        while self._model.wait_for and not Path(self._model.wait_for).exists():
            time.sleep(0.01)
        with torch.no_grad():
            for each in model.network.parameters():
                each.add_(torch.rand_like(each))

    def finish(self, model: Model, report: Report) -> None:
        self._note("finish")

    def write_bundle(self, model: Model, directory: Path, report: Report) -> str:
        self._note("bundle")
        if self._model.broken == "parity":
            raise BuildError("outputs differ by 1.5 from PyTorch's")
        save_file(model.network.state_dict(), directory / GRAPH)
        write_manifest(
            directory,
            make_manifest({GRAPH: describe_file(directory / GRAPH)}, engine="classifier", task="classify"),
        )
        return "outputs as PyTorch's"

    def add_baseline(self, directory: Path, baseline: Path) -> None:
        manifest = read_bundle(directory).manifest
        (directory / "baseline.onnx").write_bytes((baseline / GRAPH).read_bytes())
        files = {name: describe_file(directory / name) for name in (GRAPH, "baseline.onnx")}
        variants = {**manifest.variants, BASELINE: VariantEntry("baseline.onnx")}
        write_manifest(directory, make_manifest(files, engine="classifier", task="classify", variants=variants))

    def run_in_pytorch(self, model: Model) -> Callable[[str], object]:
        return lambda text: None

    def timed_texts(self) -> list[str]:
        return ["a text"]

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        self._note("answer")
        total = float(load_file(bundle / GRAPH)["weight"].sum())
        return [Answer(f"text {number}", ("1",), f"{total:.3f}", {"right": 1.0}) for number in range(_TEXTS)]

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        return {"accuracy": fmean(answer.scores["right"] for answer in answers)}

    @property
    def metrics(self) -> Sequence[Score]:
        return FakeMeasuring.metrics

    def _read(self, folder: Path, form: Form) -> Model:
        network = torch.nn.Linear(4, 4, bias=False)
        network.load_state_dict(load_file(folder / WEIGHTS))
        return Model(network, Tokenizer(models.WordLevel({"a": 0}, "a")), form)

    def _note(self, call: str) -> None:
        with Path(self._model.source, "../calls.txt").open("a") as file:
            file.write(f"{call}\n")


class FakeMeasuring(Measuring):
    """Every bundle takes as long as any other, and as many bytes as its files; nothing is drawn again."""

    metrics = (Score("accuracy", "accuracy"),)

    def cost(
        self, bundle: Path, previous: Path | None, texts: Sequence[str], thread_count: int, report: Report
    ) -> Cost:
        size_bytes = sum(entry.size_bytes for entry in read_bundle(bundle).manifest.files.values())
        return _cost(size_bytes, 100.0, 100.0 if previous else None)

    def pytorch(
        self, model_folder: Path, make_kind: Callable[[], Kind], bundle: Path, texts: Sequence[str], thread_count: int
    ) -> Cost:
        make_kind().load(model_folder)
        read_bundle(bundle)
        return _cost(1000, 1000.0, 100.0)

    def intervals(
        self, score: ScoreAnswers, answers: Sequence[Answer], baseline: Sequence[Answer], seed: int
    ) -> dict[str, Interval]:
        return {name: Interval(value, value, value) for name, value in score(answers, baseline).items()}

    def differences(
        self, score: ScoreAnswers, answers: Sequence[Answer], reference: Sequence[Answer], seed: int
    ) -> dict[str, Interval]:
        return {name: Interval(0.0, 0.0, 0.0) for name in score(answers, reference)}


def _cost(file_bytes: int, p50_ms: float, previous_p50_ms: float | None) -> Cost:
    return Cost(
        file_bytes=file_bytes,
        compressed_bytes=900,
        parameters=16,
        nonzeros=16,
        macs=None,
        bytes_read=None,
        load_seconds=0.1,
        rss_bytes=None,
        rss_peak_bytes=None,
        p50_ms=p50_ms,
        p95_ms=p50_ms,
        previous_p50_ms=previous_p50_ms,
        cpu_seconds=0.1,
        joules=None,
        is_energy_measured=False,
        energy_source="",
    )
