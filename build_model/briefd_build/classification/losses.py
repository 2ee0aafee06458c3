"""What a batch costs: the labels' loss and, with a teacher, the distance from its logits, states and attention."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn import functional

from briefd_build.compression.bert import encoder_layers
from briefd_build.compression.outputs import softened_divergence
from briefd_build.compression.relations import recorded_projections, relation_heads, relations_distance
from briefd_build.compression.states import recorded_states, states_distance
from briefd_build.encoder.network import PAD_PIECE_ID, at_words

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


class _Reading(NamedTuple):
    """Logits [B, C]; states of all layers and projections of the last, [B, T, width] each."""

    logits: Tensor
    states: list[Tensor]
    projections: list[Tensor]


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
        own = self._read(self.network, batch.piece_ids)
        with torch.no_grad():
            taught = self._read(self.teacher, batch.teacher_piece_ids)
        loss = self.lesson.labels * label_loss(own.logits, batch.labels)
        loss = loss + self.lesson.logits * softened_divergence(own.logits, taught.logits, self.lesson.temperature)
        if self.lesson.states:
            loss = loss + self.lesson.states * self._states_distance(batch, own.states, taught.states)
        if self.lesson.attention:
            loss = loss + self.lesson.attention * self._relations_distance(batch, own.projections, taught.projections)
        return loss

    def _read(self, network: BertForSequenceClassification, piece_ids: Tensor) -> _Reading:
        """Read texts; what has no weight in the lesson is not recorded."""
        with ExitStack() as stack:
            states = stack.enter_context(recorded_states(network.bert)) if self.lesson.states else []
            projections = stack.enter_context(recorded_projections(network.bert)) if self.lesson.attention else []
            return _Reading(logits_of(network, piece_ids), states, projections)

    def _states_distance(self, batch: Batch, states: list[Tensor], taught: list[Tensor]) -> Tensor:
        return states_distance(
            [at_words(each, batch.starts)[batch.present] for each in states],
            [at_words(each, batch.teacher_starts)[batch.present] for each in taught],
        )

    def _relations_distance(self, batch: Batch, projections: list[Tensor], taught: list[Tensor]) -> Tensor:
        heads = encoder_layers(self.teacher.bert)[-1].attention.self.num_attention_heads
        return relations_distance(
            [at_words(each, batch.starts) for each in projections],
            [at_words(each, batch.teacher_starts) for each in taught],
            batch.present,
            relation_heads(projections[0].shape[-1], taught[0].shape[-1], heads),
        )
