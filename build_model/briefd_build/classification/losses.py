"""What a batch costs: the labels' loss and, with a teacher, the distance from its logits, states and attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from briefd_build.compression.outputs import softened_divergence
from briefd_build.encoder.inner import Inner, Words, add_inner_distance, recorded
from briefd_build.encoder.network import PAD_PIECE_ID

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import BertForSequenceClassification

    from briefd_build.classification.batches import Batch
    from briefd_build.pipeline.model import Lesson


def logits_of(network: BertForSequenceClassification, piece_ids: Tensor) -> Tensor:
    """Logits [B, C] of texts [B, T], padded with 0."""
    logits: Tensor = network(input_ids=piece_ids, attention_mask=(piece_ids != PAD_PIECE_ID).long()).logits
    return logits


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy against the labels."""
    return functional.cross_entropy(logits.float(), labels)


@dataclass(frozen=True)
class LabelledLoss:
    """The loss without a teacher: the labels' alone."""

    network: BertForSequenceClassification

    def __call__(self, batch: Batch) -> Tensor:
        """Compute the loss of a batch."""
        return label_loss(logits_of(self.network, batch.piece_ids), batch.labels)


@dataclass(frozen=True)
class TaughtLoss:
    """The loss with a teacher: the weights of its parts are the lesson's."""

    network: BertForSequenceClassification
    teacher: BertForSequenceClassification
    lesson: Lesson

    def __call__(self, batch: Batch) -> Tensor:
        """Compute the loss of a batch."""
        logits, own = self._read(self.network, batch.piece_ids)
        with torch.no_grad():
            taught_logits, taught = self._read(self.teacher, batch.teacher_piece_ids)
        loss = self.lesson.labels * label_loss(logits, batch.labels)
        loss = loss + self.lesson.logits * softened_divergence(logits, taught_logits, self.lesson.temperature)
        words = Words(batch.starts, batch.teacher_starts, batch.present)
        return add_inner_distance(loss, own, taught, words, self.lesson, self.teacher.bert)

    def _read(self, network: BertForSequenceClassification, piece_ids: Tensor) -> tuple[Tensor, Inner]:
        with recorded(network.bert, self.lesson) as inner:
            return logits_of(network, piece_ids), inner
