"""Pairs of texts and summaries as what a language model of the pipeline learns from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from briefd_build.compression.decoders import known_anatomy
from briefd_build.corpora.documents import summarized_beginnings
from briefd_build.errors import BuildError
from briefd_build.finetuning.adapting import adapt, weights_of
from briefd_build.finetuning.batches import assemble, plan_epoch
from briefd_build.finetuning.distilling import Distillation
from briefd_build.finetuning.examples import PairEncoder
from briefd_build.finetuning.pairs import Pair, hold_out, read_pairs
from briefd_build.finetuning.settings import Settings
from briefd_build.finetuning.training import Trainer, compute_label_loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.corpora.documents import Document
    from briefd_build.finetuning.batches import Batch
    from briefd_build.finetuning.examples import Example
    from briefd_build.finetuning.training import Progress
    from briefd_build.generative.conversion import Prepared
    from briefd_build.pipeline.model import Lesson, Report

# Of a document of the corpora: some 350 tokens, so that a step is no slower than one on texts that the daemon gets.
_MOST_WORDS = 260
# Batches that importance is measured on are the same ones each time.
_SAMPLE_SEED = 0


@dataclass(frozen=True)
class DataTable:
    """A recipe's `[data]`.

    Attributes:
        pairs: JSON lines of texts and summaries to learn from, as `brief-build finetune` reads them; None: the
            permissive corpora with their own summaries.
        held_out_share: of their texts, which the loss is measured on while a model learns.
        batch_pairs: pairs a step.
    """

    pairs: str | None = None
    held_out_share: float = Settings.held_out_share
    batch_pairs: int = Settings.batch_pairs

    def __post_init__(self) -> None:
        if not 0 < self.held_out_share < 1:
            raise ValueError("held_out_share must be above 0 and below 1")
        if self.batch_pairs < 1:
            raise ValueError("batch_pairs must be 1 or more")


class Lessons:
    """Everything that a model learns from `[data]`; `documents` gives those of the corpora."""

    def __init__(self, table: DataTable, documents: Callable[[], Sequence[Document]]) -> None:
        self._table = table
        self._documents = documents

    def texts(self) -> list[tuple[str, str]]:
        """Give all texts with their summaries; the corpora's whole ones without where the recipe names no pairs."""
        if self._table.pairs is None:
            return [(" ".join(document.sentences), "") for document in self._documents()]
        return [(pair.text, pair.summary) for pair in self._pairs]

    def losses(self, prepared: Prepared, count: int) -> Iterator[Tensor]:
        """Compute the loss on this many batches, the same ones each time."""
        examples = _encode(prepared, self._pairs)
        plan = plan_epoch(list(map(len, examples)), self._table.batch_pairs, _SAMPLE_SEED, 0)
        for members in islice(plan, count):
            yield compute_label_loss(
                prepared.loaded.model,
                assemble([examples[number] for number in members], is_encoder_decoder=prepared.is_encoder_decoder),
            )

    def train(
        self, prepared: Prepared, lesson: Lesson, teacher: Prepared | None, checkpoint: Path, report: Report
    ) -> PreTrainedModel:
        """Train a network, from the checkpoint where there is one, and give it as it is then, on the processor.

        Raises:
            BuildError: the pairs can't be read, the lesson is none for these networks, or the training diverges.

        """
        _check_lesson(prepared, lesson, teacher)
        settings = self._settings(lesson)
        pairs, held_out = hold_out(self._pairs, self._table.held_out_share, lesson.seed)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        torch.manual_seed(lesson.seed)
        adapted = adapt(prepared.loaded.model, prepared.loaded.model.config.model_type, settings)

        def tell(progress: Progress) -> None:
            report(
                f"training, loss {progress.loss:.3f}, held out {progress.held_out_loss:.3f}",
                progress.step / progress.steps,
            )

        trainer = Trainer(
            _encode(prepared, pairs),
            _encode(prepared, held_out),
            settings,
            checkpoint,
            tell,
            _choose_loss(lesson, teacher, device),
        )
        try:
            trainer.train(adapted.network, device)
        except torch.OutOfMemoryError as error:
            raise BuildError(
                "the device has too little memory; lower data.batch_pairs or model.context_tokens"
            ) from error
        network: PreTrainedModel = adapted.merge().requires_grad_().cpu().eval()
        return network

    @cached_property
    def _pairs(self) -> list[Pair]:
        if self._table.pairs is not None:
            return read_pairs(Path(self._table.pairs))
        found = summarized_beginnings(self._documents(), _MOST_WORDS)
        pairs = [Pair(text, " ".join(summary.split()), "the corpora") for text, summary in found]
        if not pairs:
            raise BuildError(
                "the corpora hold no summaries to learn from; give a file of pairs (--set data.pairs=FILE)"
            )
        return pairs

    def _settings(self, lesson: Lesson) -> Settings:
        return replace(
            weights_of(lesson),
            epochs=lesson.epochs,
            rate=lesson.rate,
            batch_pairs=self._table.batch_pairs,
            seed=lesson.seed,
        )


def _encode(prepared: Prepared, pairs: Sequence[Pair]) -> list[Example]:
    encoder = PairEncoder(
        prepared.loaded.tokenizer,
        prepared.template,
        prepared.loaded.end_ids[0],
        is_encoder_decoder=prepared.is_encoder_decoder,
        context_tokens=prepared.context_tokens,
    )
    return [encoder.encode(pair) for pair in pairs]


def _choose_loss(
    lesson: Lesson, teacher: Prepared | None, device: torch.device
) -> Callable[[PreTrainedModel, Batch], Tensor]:
    if teacher is None:
        return compute_label_loss
    network = teacher.loaded.model.requires_grad_(requires_grad=False).to(device)  # type: ignore[arg-type]  # typed too narrowly
    return Distillation(network, lesson)


def _check_lesson(prepared: Prepared, lesson: Lesson, teacher: Prepared | None) -> None:
    if lesson.head_rate is not None:
        raise BuildError("a language model has no heads beside its network; leave head_rate out")
    if lesson.layer_decay != 1.0 or lesson.freezes_words:
        raise BuildError("layer_decay and freeze_words are for encoders; leave them out")
    if teacher is None:
        return
    if lesson.attention:
        for each in (prepared, teacher):
            known_anatomy(each.loaded.model)
    if teacher.loaded.tokenizer.to_str() != prepared.loaded.tokenizer.to_str():
        raise BuildError("teacher and student read other tokens; name a teacher with the student's tokenizer")
    widths = {each.loaded.model.config.hidden_size for each in (prepared, teacher)}
    if lesson.states and len(widths) > 1:
        raise BuildError("the teacher's hidden states are of another width than the student's; leave states out")
