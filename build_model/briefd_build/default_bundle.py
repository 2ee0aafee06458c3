"""`brief-build default`: from the corpora to the bundle that ships.

The stages, each leaving its result in the build folder and skipped when that is there: the teacher (all tasks, full
size), the student (smaller vocabulary, narrower layers, recovered with the teacher's help), the two ONNX graphs with
their checks, the evaluation, and the bundle.
"""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer

from briefd_build.compression.structured import EncoderShape, prune_structure, reshape
from briefd_build.compression.vocabulary import keep_vocabulary_rows, prune_vocabulary
from briefd_build.corpora.collection import Corpora, read_corpora
from briefd_build.corpora.documents import read_treebank
from briefd_build.encoder.export import export_float32, export_int8
from briefd_build.encoder.keeping import fit_keeping
from briefd_build.encoder.losses import task_loss
from briefd_build.encoder.mixture import Mixture
from briefd_build.encoder.network import TAGS, HeadSizes, MultiTaskEncoder
from briefd_build.encoder.parity import check_agreement, check_parity
from briefd_build.encoder.training import Trainer
from briefd_build.folder import staged
from briefd_build.pipeline.model import Lesson
from briefd_build.provenance import describe_sources
from briefd_server.bundle import BASELINE, OPTIMIZED, Manifest, VariantEntry, describe_file, write_manifest
from briefd_server.engines.extractive import TOKENIZER_NAME, WINDOW_PIECES, tokenizer_name
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor

    from briefd_build.base_model import BaseModel
    from briefd_build.encoder.batches import Batch
    from briefd_build.folder import BuildFolder
    from briefd_server.engines.extractive.pieces import Window

TEACHER, RELATIONS = "teacher.safetensors", "relations.json"
STUDENT, STUDENT_TOKENIZER, KEPT_PIECES = "student.safetensors", "student-tokenizer.json", "kept-pieces.json"
TEACHER_TOKENIZER = "teacher-tokenizer.json"
_SAMPLE_DOCUMENTS = 5
OPTIMIZED_GRAPH, BASELINE_GRAPH = "optimized.onnx", "baseline.onnx"

_TEACHER_SCHEDULE = Lesson(epochs=5, rate=2e-4, head_rate=1.5e-3)
_RECOVERY_SCHEDULE = Lesson(epochs=10, rate=3e-4, head_rate=1e-3, states=2.0)
_STUDENT_SHAPE = EncoderShape(layers=3, heads=8, feed_forward_width=512)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the build makes of its data.

    Attributes:
        name: the bundle's name.
        teacher: how the full-size network is trained.
        recovery: how the pruned one is.
        shape: what pruning leaves of the encoder.
        importance_batches: batches that importance is measured on.
        window_pieces: pieces that the encoder reads at once when it serves.
        least_relation_uses: a relation that the treebanks use less often is not predicted.
        seed: of everything random.
    """

    name: str = "default-en"
    teacher: Lesson = _TEACHER_SCHEDULE
    recovery: Lesson = _RECOVERY_SCHEDULE
    shape: EncoderShape = _STUDENT_SHAPE
    importance_batches: int = 24
    window_pieces: int = 256
    least_relation_uses: int = 20
    seed: int = 1


class DefaultBuild:
    """One build of the default bundle.

    Args:
        recipe: what to make.
        base: the pretrained encoder.
        data: the corpora's directory, laid out as `../shared/data`.
        folder: where results are left and found.
        report: called with the stage's name and the share of it that is done, 0 to 1.
    """

    def __init__(
        self, recipe: Recipe, base: BaseModel, data: Path, folder: BuildFolder, report: Callable[[str, float], None]
    ) -> None:
        self._recipe = recipe
        self._base = base
        self._data = data
        self._folder = folder
        self._report = report
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

    def run(self) -> None:
        """Do every stage that is not done yet: afterwards the folder holds the graphs and their tokenizers."""
        self._folder.claim({"recipe": asdict(self._recipe), "base": self._base.describe()})
        if not self._folder.has(STUDENT):
            corpora = read_corpora(self._data, "train")
            relations = self._relations(corpora)
            if not self._folder.has(TEACHER):
                self._train_teacher(corpora, relations)
            self._make_student(corpora, relations)
        if not self._folder.has(BASELINE_GRAPH):
            self._export_baseline()
        if not self._folder.has(OPTIMIZED_GRAPH):
            self._export_optimized()

    def write_bundle(self, directory: Path, costs: Costs, evaluation: dict[str, Any]) -> None:
        """Write the bundle from the folder's results; the baseline is copied beside, with its own tokenizer."""
        directory.mkdir(parents=True, exist_ok=True)
        names = {
            STUDENT_TOKENIZER: TOKENIZER_NAME,
            OPTIMIZED_GRAPH: OPTIMIZED_GRAPH,
            TEACHER_TOKENIZER: tokenizer_name(BASELINE),
            BASELINE_GRAPH: BASELINE_GRAPH,
        }
        for source, name in names.items():
            shutil.copyfile(self._folder.path / source, directory / name)
        manifest = Manifest(
            name=self._recipe.name,
            language="en",
            license="Apache-2.0",
            files={name: describe_file(directory / name) for name in names.values()},
            variants={
                OPTIMIZED: VariantEntry(OPTIMIZED_GRAPH),
                BASELINE: VariantEntry(BASELINE_GRAPH, extra_files=(tokenizer_name(BASELINE),)),
            },
            provenance={"base": self._base.describe(), "data": describe_sources(), "recipe": asdict(self._recipe)},
            limits={WINDOW_PIECES: self._recipe.window_pieces},
            engine_parameters={
                "relations": self._folder.read_json(RELATIONS),
                "tags": list(TAGS),
                "costs": costs.to_json(),
            },
            evaluation=evaluation,
        )
        write_manifest(directory, manifest)

    def _relations(self, corpora: Corpora) -> list[str]:
        if not self._folder.has(RELATIONS):
            uses = Counter(name for each in corpora.treebanks for tree in each.trees for name in tree.relations)
            frequent = (name for name, count in uses.items() if count >= self._recipe.least_relation_uses)
            self._folder.write_json(RELATIONS, sorted({*frequent, "root"}))
        relations: list[str] = self._folder.read_json(RELATIONS)
        return relations

    def _train_teacher(self, corpora: Corpora, relations: list[str]) -> None:
        encoder = PieceEncoder(self._base.load_tokenizer())
        mixture = Mixture(corpora, relations, (encoder, encoder), self._recipe.seed)
        torch.manual_seed(self._recipe.seed)
        teacher = self._new_network()
        self._train("teacher", teacher, mixture, self._recipe.teacher)
        self._folder.write_weights(TEACHER, teacher.state_dict())

    def _make_student(self, corpora: Corpora, relations: list[str]) -> None:
        """Prune the teacher and let the pruned network recover with its help."""
        teacher = self._load_teacher()
        texts = [sentence for document in corpora.documents() for sentence in document.sentences]
        tokenizer, kept = prune_vocabulary(self._base.load_tokenizer(), texts)
        self._folder.write_json(KEPT_PIECES, kept)
        self._folder.write_text(STUDENT_TOKENIZER, tokenizer.to_str())
        encoders = PieceEncoder(tokenizer), PieceEncoder(self._base.load_tokenizer())
        mixture = Mixture(corpora, relations, encoders, self._recipe.seed + 1)
        # Again, so that a build that goes on from its teacher makes the same student.
        torch.manual_seed(self._recipe.seed + 1)
        student = copy.deepcopy(teacher)
        keep_vocabulary_rows(student.bert, kept)
        self._report("pruning", 0.0)
        self._prune(student, mixture.batches_of_epoch(0)[: self._recipe.importance_batches])
        self._train("recovery", student, mixture, self._recipe.recovery, teacher.to(self._device))
        self._report("keeping", 0.0)
        fit_keeping(student, encoders[0], corpora.documents())
        self._folder.write_weights(STUDENT, student.state_dict())

    def _prune(self, student: MultiTaskEncoder, sample: Sequence[Batch]) -> None:
        def losses() -> Iterator[Tensor]:
            for batch in sample:
                yield task_loss(student(batch.piece_ids, batch.word_starts), batch)

        student.eval()
        prune_structure(student.bert, losses, self._recipe.shape)
        student.zero_grad(set_to_none=True)

    def _train(
        self,
        stage: str,
        network: MultiTaskEncoder,
        mixture: Mixture,
        lesson: Lesson,
        teacher: MultiTaskEncoder | None = None,
    ) -> None:
        def report(epochs_done: float, loss: float) -> None:
            self._report(f"{stage}, loss {loss:.2f}", epochs_done / lesson.epochs)

        checkpoint = self._folder.path / f"{stage}.checkpoint"
        Trainer(mixture.batches_of_epoch, lesson, checkpoint, report, teacher).train(
            network.to(self._device), self._device
        )
        network.cpu()

    def _export_baseline(self) -> None:
        self._report("export", 0.0)
        teacher = self._load_teacher()
        self._folder.write_text(TEACHER_TOKENIZER, self._base.load_tokenizer().to_str())
        with staged(self._folder.path / BASELINE_GRAPH) as graph:
            export_float32(teacher, graph)
            check_parity(teacher, graph)

    def _export_optimized(self) -> None:
        self._report("export", 0.5)
        student = self._load_student()
        with staged(self._folder.path / OPTIMIZED_GRAPH) as graph:
            export_int8(student, graph)
            check_agreement(student, graph, self._sample_windows())

    def _sample_windows(self) -> list[Window]:
        """Windows of held-out text in the student's pieces."""
        encoder = PieceEncoder(Tokenizer.from_file(str(self._folder.path / STUDENT_TOKENIZER)))
        windows: list[Window] = []
        for document in read_treebank(self._data / "gum" / "dev.conllu.gz")[:_SAMPLE_DOCUMENTS]:
            pieces = encoder.encode(document.sentences, [find_words(sentence) for sentence in document.sentences])
            windows += encoder.pack(pieces, self._recipe.window_pieces)
        return windows

    def _new_network(self) -> MultiTaskEncoder:
        return MultiTaskEncoder(self._base.load_encoder(), len(self._folder.read_json(RELATIONS)), HeadSizes())

    def _load_teacher(self) -> MultiTaskEncoder:
        network = self._new_network()
        network.load_state_dict(self._folder.read_weights(TEACHER))
        return network.eval()

    def _load_student(self) -> MultiTaskEncoder:
        network = self._new_network()
        keep_vocabulary_rows(network.bert, self._folder.read_json(KEPT_PIECES))
        reshape(network.bert, self._recipe.shape)
        network.load_state_dict(self._folder.read_weights(STUDENT))
        return network.eval()
