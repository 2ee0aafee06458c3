"""Text classifiers as the pipeline knows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer

from briefd_build.classification.batches import BATCH_TEXTS, TextReader, batches_of_epoch, make_examples
from briefd_build.classification.data import DataTable, LabelledSet, read_set
from briefd_build.classification.exporting import write_classifier_bundle
from briefd_build.classification.losses import LabelledLoss, logits_of
from briefd_build.classification.opening import open_classifier
from briefd_build.classification.scoring import METRICS, answer_all, score
from briefd_build.classification.teaching import network_of, teach
from briefd_build.compression.bert import Bert
from briefd_build.graph_bundle import add_baseline
from briefd_build.measures.turns import spread
from briefd_build.pipeline.evaluation import EvaluationTable
from briefd_build.pipeline.model import Model
from briefd_build.pipeline.parsing import build
from briefd_build.pipeline.snapshots import read_snapshot, write_snapshot
from briefd_server.engines.classifier.windows import WindowEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor
    from transformers import BertForSequenceClassification

    from briefd_build.pipeline.model import Lesson, Report
    from briefd_build.pipeline.results import Answer, Score

LABELS, BASE = "labels", "base"
"""Facts of a model: the names of its outputs, and the model that it was made of."""

# Of the texts that importance is measured on.
_SAMPLE_SEED = 1
_TIMED_TEXTS = 32
# Two standard errors of an agreement of 95 % are then 2.5 points.
_CHECKED_TEXTS = 300


@dataclass(frozen=True)
class ModelTable:
    """A recipe's `[model]`.

    Attributes:
        source: a BERT, with a head for labels or without, by directory or hub name.
        language: of the texts that the model is for, as BCP 47.
        window_pieces: pieces that the model reads at once, in training and when it serves.
    """

    source: str
    language: str = "en"
    window_pieces: int = 128

    def __post_init__(self) -> None:
        if not 8 <= self.window_pieces <= 512:
            raise ValueError("window_pieces must be from 8 to 512")


class ClassificationKind:
    """See `Kind`; the labelled texts come from where the recipe's `[data]` says."""

    output_layers = ("full",)

    def __init__(
        self,
        model: Mapping[str, Any],
        data: Mapping[str, Any],
        evaluation: Mapping[str, Any],
        data_directory: Callable[[], Path],  # noqa: ARG002 - as every kind; the corpora are for summarizers
    ) -> None:
        self._model = build(ModelTable, model, "model")
        self._data = build(DataTable, data, "data")
        self._evaluation = build(EvaluationTable, evaluation, "evaluation")

    def open(self, source: str) -> Model:
        """See `Kind`."""
        network, tokenizer, labels, base = open_classifier(source, self._set.labels, self._model.window_pieces)
        return Model(network, tokenizer, facts={LABELS: labels, BASE: base.describe()})

    def save(self, model: Model, folder: Path) -> None:
        """See `Kind`."""
        write_snapshot(model, self.anatomy(model), folder)

    def load(self, folder: Path) -> Model:
        """See `Kind`."""

        def make(facts: Mapping[str, Any]) -> tuple[BertForSequenceClassification, Bert]:
            network = open_classifier(facts[BASE]["name"], facts[LABELS], self._model.window_pieces)[0]
            return network, Bert(network.bert)

        return read_snapshot(folder, make)

    def anatomy(self, model: Model) -> Bert:
        """See `Kind`: that of the encoder."""
        return Bert(network_of(model).bert)

    def texts(self, model: Model) -> list[str]:  # noqa: ARG002 - read alike by all
        """See `Kind`."""
        return [each.text for each in self._set.split.train]

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        """See `Kind`."""
        train = self._set.split.train
        sample = Random(_SAMPLE_SEED).sample(train, min(batches * BATCH_TEXTS, len(train)))  # noqa: S311 - no secret
        reader = TextReader(model.tokenizer, self._model.window_pieces)
        examples = make_examples(sample, model.facts[LABELS], reader, None)
        yield from map(LabelledLoss(network_of(model)), batches_of_epoch(examples, _SAMPLE_SEED, 0))

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        """See `Kind`."""
        teach(model, lesson, teacher, self._set.split.train, self._model.window_pieces, checkpoint, report)

    def finish(self, model: Model, report: Report) -> None:
        """Do nothing: a classifier is its network."""

    def write_bundle(self, model: Model, directory: Path, report: Report) -> str:
        """See `Kind`."""
        report("exporting", 0.0)
        return write_classifier_bundle(
            model,
            directory,
            language=self._model.language,
            window_pieces=self._model.window_pieces,
            texts=[each.text for each in self._set.split.dev[:_CHECKED_TEXTS]],
            provenance={"base": model.facts[BASE], "data": [self._set.provenance]},
        )

    def add_baseline(self, directory: Path, baseline: Path) -> None:
        """Put the float32 model of another bundle beside a bundle's own, for comparison."""
        add_baseline(directory, baseline)

    def run_in_pytorch(self, model: Model) -> Callable[[str], object]:
        """See `Kind`: pieces and network, as the engine has them."""
        tokenizer = Tokenizer.from_str(model.tokenizer.to_str())
        encoder, network = WindowEncoder(tokenizer, self._model.window_pieces), network_of(model).eval()

        def classify(text: str) -> list[Tensor]:
            with torch.inference_mode():
                return [logits_of(network, torch.from_numpy(window[None])) for window in encoder.encode(text)]

        return classify

    def timed_texts(self) -> list[str]:
        """Give texts of the test, evenly from the shortest to the longest."""
        texts = [each.text for each in self._set.split.test]
        return spread(texts, min(_TIMED_TEXTS, len(texts)))

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """See `Kind`."""
        self._evaluation.check_count(len(self._set.split.test))
        return answer_all(bundle, thread_count, self._set, report)

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """See `Kind`."""
        return score(answers, baseline)

    @property
    def metrics(self) -> Sequence[Score]:
        """See `Kind`."""
        return METRICS

    @cached_property
    def _set(self) -> LabelledSet:
        return read_set(self._data)
