"""Learning from a teacher: its softened choices and its hidden states are targets beside the summaries' own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from briefd_build.compression.outputs import softened_divergence
from briefd_build.compression.states import states_distance
from briefd_build.finetuning.training import read

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.finetuning.batches import Batch


@dataclass(frozen=True)
class Distillation:
    """A loss for `Trainer`.

    Attributes:
        teacher: on the device of the network that is trained; knows the same tokens.
        labels: weight of the loss against the summaries' tokens.
        logits: weight of the divergence from the teacher's choices (see `softened_divergence`).
        states: weight of the distance from the teacher's hidden states (see `states_distance`).
        temperature: of the softened choices.
    """

    teacher: PreTrainedModel
    labels: float
    logits: float
    states: float
    temperature: float

    def __call__(self, network: PreTrainedModel, batch: Batch) -> Tensor:
        """Compute the loss of a batch."""
        student = read(network, batch, keeps_states=self.states > 0)
        with torch.no_grad():
            teacher = read(self.teacher, batch, keeps_states=self.states > 0)
        loss = self.labels * cross_entropy(student.logits, student.wanted)
        loss = loss + self.logits * softened_divergence(student.logits, teacher.logits, self.temperature)
        if self.states > 0:
            loss = loss + self.states * states_distance(student.states, teacher.states)
        return loss
