"""The default summarizer as the pipeline knows it: a multi-task encoder that is trained on the permissive corpora."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import torch

from briefd_build.base_model import find_base
from briefd_build.compression.bert import Bert
from briefd_build.corpora.collection import Corpora, read_corpora
from briefd_build.corpora.unlabelled import describe_unlabelled, read_unlabelled
from briefd_build.encoder.bundling import write_extractive_bundle
from briefd_build.encoder.judging import Judge
from briefd_build.encoder.keeping import fit_keeping
from briefd_build.encoder.losses import task_loss
from briefd_build.encoder.mixture import Mixture
from briefd_build.encoder.network import HeadSizes, MultiTaskEncoder
from briefd_build.encoder.pytorch_session import pytorch_engine
from briefd_build.encoder.training import Trainer
from briefd_build.finetuning.adapting import adapt, weights_of
from briefd_build.graph_bundle import add_baseline
from briefd_build.pipeline.evaluation import EvaluationTable
from briefd_build.pipeline.model import Model
from briefd_build.pipeline.parsing import build
from briefd_build.pipeline.snapshots import read_snapshot, write_snapshot
from briefd_build.provenance import describe_sources
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.engines.extractive.pieces import PieceEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor
    from transformers import BertModel

    from briefd_build.base_model import BaseModel
    from briefd_build.corpora.documents import Document
    from briefd_build.encoder.batches import Batch
    from briefd_build.pipeline.model import Lesson, Report
    from briefd_build.pipeline.results import Answer, Score

RELATIONS, UNTRAINED, BASE = "relations", "is_untrained", "base"
"""Facts of a model: its relations' names, whether its heads are as they were drawn, and its base encoder."""

# Of the batches that importance is measured on: other ones than the teacher was trained on first.
_SAMPLE_SEED = 2


@dataclass(frozen=True)
class ModelTable:
    """A recipe's `[model]`.

    Attributes:
        source: the pretrained encoder, by directory or hub name.
        language: of the texts that the model is for, as BCP 47.
        window_pieces: pieces that the encoder reads at once when it serves.
    """

    source: str
    language: str = "en"
    window_pieces: int = 256

    def __post_init__(self) -> None:
        if not 32 <= self.window_pieces <= 512:
            raise ValueError("window_pieces must be from 32 to 512")


@dataclass(frozen=True)
class DataTable:
    """A recipe's `[data]`.

    Attributes:
        least_relation_uses: a relation that the treebanks use less often is not predicted.
        unlabelled: whether texts without labels decide along with the others which tokens are needed, and a student
            reads them with its teacher.
    """

    least_relation_uses: int = 20
    unlabelled: bool = False


class ExtractiveKind:
    """See `Kind`; `data_directory` finds the corpora."""

    output_layers = ("full",)

    def __init__(
        self,
        model: Mapping[str, Any],
        data: Mapping[str, Any],
        evaluation: Mapping[str, Any],
        data_directory: Callable[[], Path],
    ) -> None:
        self._model = build(ModelTable, model, "model")
        self._data = build(DataTable, data, "data")
        self._evaluation = build(EvaluationTable, evaluation, "evaluation")
        self._data_directory = data_directory
        self._sampled: tuple[str, list[Batch]] | None = None

    def open(self, source: str) -> Model:
        """Put heads that were drawn at random on a pretrained encoder."""
        base = find_base(source)
        relations = self._count_relations()
        facts = {RELATIONS: relations, UNTRAINED: True, BASE: base.describe()}
        return Model(_new_network(base, relations).eval(), base.load_tokenizer(), facts=facts)

    def save(self, model: Model, folder: Path) -> None:
        """See `Kind`."""
        write_snapshot(model, self.anatomy(model), folder)

    def load(self, folder: Path) -> Model:
        """See `Kind`."""

        def make(facts: Mapping[str, Any]) -> tuple[MultiTaskEncoder, Bert]:
            network = _new_network(find_base(facts[BASE]["name"]), facts[RELATIONS])
            return network, Bert(network.bert)

        return read_snapshot(folder, make)

    def anatomy(self, model: Model) -> Bert:
        """See `Kind`: that of the encoder."""
        return Bert(_network(model).bert)

    def texts(self, model: Model) -> list[str]:  # noqa: ARG002 - read alike by all
        """See `Kind`."""
        documents = (*self._corpora.documents(), *self._unlabelled)
        return [sentence for document in documents for sentence in document.sentences]

    def losses(self, model: Model, batches: int) -> Iterator[Tensor]:
        """See `Kind`."""
        network = _network(model)
        for batch in self._sample(model)[:batches]:
            yield task_loss(network(batch.piece_ids, batch.word_starts), batch)

    def train(self, model: Model, lesson: Lesson, teacher: Model | None, checkpoint: Path, report: Report) -> None:
        """See `Kind`; heads that were never trained are drawn again by the lesson's seed.

        LoRA is for the encoder; heads are always trained whole.
        """
        mixture = Mixture(
            self._corpora,
            model.facts[RELATIONS],
            _piece_encoders(model, teacher),
            lesson.seed,
            taught=self._unlabelled if teacher else None,
        )
        torch.manual_seed(lesson.seed)
        if model.facts.pop(UNTRAINED, False):
            model.network = _with_new_heads(_network(model).bert, model.facts[RELATIONS])
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = _network(model)
        adapted = adapt(network.bert, "bert", weights_of(lesson))
        if lesson.freezes_words:
            network.bert.embeddings.word_embeddings.requires_grad_(requires_grad=False)
        Trainer(
            mixture.batches_of_epoch,
            lesson,
            checkpoint,
            lambda epochs, loss: report(f"training, loss {loss:.2f}", epochs / lesson.epochs),
            _network(teacher).to(device) if teacher else None,
        ).train(network.to(device), device)
        network.bert = cast("BertModel", adapted.merge())
        network.requires_grad_().cpu()

    def finish(self, model: Model, report: Report) -> None:
        """Fit what an editor keeps, a channel beside the relations."""
        report("fitting what editors keep", 0.0)
        fit_keeping(_network(model), PieceEncoder(model.tokenizer), self._corpora.documents())

    def write_bundle(self, model: Model, directory: Path, report: Report) -> str:
        """See `Kind`."""
        report("exporting", 0.0)
        data = self._data_directory()
        unlabelled = describe_unlabelled(data, self._model.language) if self._data.unlabelled else []
        return write_extractive_bundle(
            model,
            _network(model),
            directory,
            language=self._model.language,
            window_pieces=self._model.window_pieces,
            data=data,
            sources=[*describe_sources(), *unlabelled],
        )

    def add_baseline(self, directory: Path, baseline: Path) -> None:
        """Put the float32 model of another bundle beside a bundle's own, for comparison."""
        add_baseline(directory, baseline)

    def run_in_pytorch(self, model: Model) -> Callable[[str], object]:
        """See `Kind`: the whole engine, with PyTorch in the place of ONNX Runtime."""
        engine = pytorch_engine(_network(model), model.tokenizer, model.facts[RELATIONS], self._model.window_pieces)
        return lambda text: engine.summarize(Task(text), UnwatchedCall())

    def timed_texts(self) -> list[str]:
        """See `Kind`."""
        return self._judge.timed_texts()

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """See `Kind`."""
        answers = self._judge.answer(bundle, thread_count, report)
        self._evaluation.check_count(len(answers))
        return answers

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """See `Kind`."""
        return self._judge.score(answers, baseline)

    @property
    def metrics(self) -> Sequence[Score]:
        """See `Kind`."""
        return self._judge.metrics

    @cached_property
    def _corpora(self) -> Corpora:
        return read_corpora(self._data_directory(), "train")

    @cached_property
    def _unlabelled(self) -> list[Document]:
        return read_unlabelled(self._data_directory(), self._model.language) if self._data.unlabelled else []

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._data_directory(), self._model.language)

    def _count_relations(self) -> list[str]:
        uses = Counter(name for each in self._corpora.treebanks for tree in each.trees for name in tree.relations)
        frequent = (name for name, count in uses.items() if count >= self._data.least_relation_uses)
        return sorted({*frequent, "root"})

    def _sample(self, model: Model) -> list[Batch]:
        """Batches of training data; kept, since importance is measured on them many times."""
        pieces = model.tokenizer.to_str()
        if self._sampled is None or self._sampled[0] != pieces:
            encoder = PieceEncoder(model.tokenizer)
            mixture = Mixture(self._corpora, model.facts[RELATIONS], (encoder, encoder), _SAMPLE_SEED)
            self._sampled = pieces, mixture.batches_of_epoch(0)
        return self._sampled[1]


def _network(model: Model) -> MultiTaskEncoder:
    return cast("MultiTaskEncoder", model.network)


def _piece_encoders(model: Model, teacher: Model | None) -> tuple[PieceEncoder, PieceEncoder]:
    """Give the student's and the teacher's, which are one where they cut all texts alike: nothing is cut twice then."""
    own = PieceEncoder(model.tokenizer)
    if teacher is None or teacher.tokenizer.to_str() == model.tokenizer.to_str():
        return own, own
    return own, PieceEncoder(teacher.tokenizer)


def _new_network(base: BaseModel, relations: Sequence[str]) -> MultiTaskEncoder:
    return _with_new_heads(base.load_encoder(), relations)


def _with_new_heads(bert: BertModel, relations: Sequence[str]) -> MultiTaskEncoder:
    return MultiTaskEncoder(bert, len(relations), HeadSizes())
