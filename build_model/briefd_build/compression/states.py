"""Hidden states as targets: the outputs of an encoder's layers, recorded while it reads, and how far two are apart.

The idea is that of Sun et al. 2019, "Patient Knowledge Distillation for BERT Model Compression": a student's layers
are taught to say what evenly spaced layers of the teacher say.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch import Tensor

from briefd_build.compression.bert import encoder_layers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn
    from transformers import BertModel


@contextmanager
def recorded_states(bert: BertModel) -> Iterator[list[Tensor]]:
    """Give a list that takes the output [B, T, width] of every layer, in their order, of what is read inside."""
    states: list[Tensor] = []

    def remember(_module: nn.Module, _inputs: object, output: Tensor | tuple[Tensor, ...]) -> None:
        states.append(output if isinstance(output, Tensor) else output[0])

    hooks = [layer.register_forward_hook(remember) for layer in encoder_layers(bert)]
    try:
        yield states
    finally:
        for hook in hooks:
            hook.remove()


def states_distance(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """Mean over the student's layers of the squared distance from the teacher's state, relative to that state's size.

    The student's last layer learns from the teacher's last, the others from layers evenly spaced before it.

    Args:
        student: states [..., width] of its layers.
        teacher: states of the same words and width of the teacher's layers, at least as many.
    """
    step = len(teacher) / len(student)
    pairs = [(mine, teacher[round((number + 1) * step) - 1].float()) for number, mine in enumerate(student)]
    distances = [(mine.float() - theirs).square().sum(-1) / theirs.square().sum(-1) for mine, theirs in pairs]
    return sum((each.mean() for each in distances), start=distances[0].new_zeros(())) / len(distances)
