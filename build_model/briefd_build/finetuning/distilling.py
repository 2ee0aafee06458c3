"""Learning from a teacher: its choices, hidden states and attention are targets beside the summaries' own tokens."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from briefd_build.compression.decoders import known_anatomy
from briefd_build.compression.outputs import softened_divergence
from briefd_build.compression.relations import recorded_projections, relations_distance
from briefd_build.compression.states import states_distance
from briefd_build.finetuning.training import read

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.finetuning.batches import Batch
    from briefd_build.finetuning.training import Reading
    from briefd_build.pipeline.model import Lesson


@dataclass(frozen=True)
class Distillation:
    """A loss for `Trainer`.

    Attributes:
        teacher: on the device of the network that is trained; knows the same tokens.
        lesson: weighs the parts: `labels` the summaries' tokens, `logits` the divergence from the teacher's choices, at
            `temperature` (see `softened_divergence`), `states` the distance from its hidden states (see
            `states_distance`), `attention` that from its last layer's relations (see `relations_distance`).
    """

    teacher: PreTrainedModel
    lesson: Lesson

    def __call__(self, network: PreTrainedModel, batch: Batch) -> Tensor:
        """Compute the loss of a batch."""
        lesson = self.lesson
        student, attended = self._read(network, batch)
        with torch.no_grad():
            teacher, taught = self._read(self.teacher, batch)
        loss = lesson.labels * cross_entropy(student.logits, student.wanted)
        loss = loss + lesson.logits * softened_divergence(student.logits, teacher.logits, lesson.temperature)
        if lesson.states:
            loss = loss + lesson.states * states_distance(student.states, teacher.states)
        if lesson.attention:
            present, heads = batch.attention_mask.bool(), known_anatomy(self.teacher).shape.heads
            loss = loss + lesson.attention * relations_distance(attended, taught, present, heads)
        return loss

    def _read(self, network: PreTrainedModel, batch: Batch) -> tuple[Reading, list[Tensor]]:
        """Read a batch, and what the last layer attends by where the lesson is about it."""
        with ExitStack() as stack:
            inside = stack.enter_context(recorded_projections(known_anatomy(network))) if self.lesson.attention else []
            return read(network, batch, keeps_states=self.lesson.states > 0), inside
