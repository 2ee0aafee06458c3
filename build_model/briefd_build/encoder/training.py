"""Training of the multi-task network, for the first time and in recovery from pruning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from briefd_build.encoder.inner import Words, add_inner_distance, recorded
from briefd_build.encoder.losses import distillation_loss, task_loss
from briefd_build.training import CHECKPOINT_SECONDS, EpochTrainer, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from briefd_build.encoder.batches import Batch
    from briefd_build.encoder.network import MultiTaskEncoder
    from briefd_build.pipeline.model import Lesson


@dataclass(frozen=True)
class Trainer:
    """Trains a network on batches.

    Attributes:
        batches_of_epoch: gives an epoch's batches, the same ones for the same epoch number.
        lesson: how; which weights are trained is the caller's.
        checkpoint: see `EpochTrainer`.
        report: called after each step with the epochs done, fractional, and the step's loss.
        teacher: when given, its readings, hidden states and attention are targets too, beside the labels.
        checkpoint_seconds: see `EpochTrainer`.
    """

    batches_of_epoch: Callable[[int], list[Batch]]
    lesson: Lesson
    checkpoint: Path
    report: Callable[[float, float], None]
    teacher: MultiTaskEncoder | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS

    def train(self, network: MultiTaskEncoder, device: torch.device) -> None:
        """Train to the end of the schedule, from the checkpoint where there is one.

        Raises:
            BuildError: the loss is no number any more.
        """
        lesson = self.lesson
        schedule = Schedule(lesson.epochs, lesson.rate, lesson.head_rate or lesson.rate, lesson.layer_decay)
        loss = partial(self._loss, network)
        trainer = EpochTrainer(
            self.batches_of_epoch, loss, schedule, self.checkpoint, self.report, self.checkpoint_seconds
        )
        trainer.train(network, network.bert, device)

    def _loss(self, network: MultiTaskEncoder, batch: Batch) -> Tensor:
        if self.teacher is None:
            return task_loss(network(batch.piece_ids, batch.word_starts), batch)
        lesson = self.lesson
        with recorded(network.bert, lesson) as own:
            reading = network(batch.piece_ids, batch.word_starts)
        with torch.no_grad(), recorded(self.teacher.bert, lesson) as taught:
            taught_reading = self.teacher(batch.teacher_piece_ids, batch.teacher_word_starts)
        loss = lesson.labels * task_loss(reading, batch)
        loss = loss + lesson.logits * distillation_loss(reading, taught_reading, batch, lesson.temperature)
        words = Words(batch.word_starts, batch.teacher_word_starts, batch.sentences >= 0)
        return add_inner_distance(loss, own, taught, words, lesson, self.teacher.bert)
