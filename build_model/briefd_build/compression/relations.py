"""Attention as a target: how alike the queries, the keys and the values of any two words are.

Self-attention relations are those of Wang et al. 2021, "MiniLMv2: Multi-Head Self-Attention Relation Distillation for
Compressing Pretrained Transformers": of the last layer, with relation heads of their own number, so that teacher and
student may differ in heads and in width. Where a network makes the three at once, they are compared together.
"""

from __future__ import annotations

from contextlib import contextmanager
from math import gcd, sqrt
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import nn

    from briefd_build.compression.anatomy import Anatomy

# What no attention goes to: less than any score, and still a number in half precision.
_NOWHERE = -1e4


@contextmanager
def recorded_projections(anatomy: Anatomy) -> Iterator[list[Tensor]]:
    """Give a list that takes the last layer's queries, keys and values [B, T, width] of what is read inside."""
    projections: list[Tensor] = []

    def remember(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        projections.append(output)

    hooks = [each.register_forward_hook(remember) for each in anatomy.projections(anatomy.layers[-1])]
    try:
        yield projections
    finally:
        for hook in hooks:
            hook.remove()


def relation_heads(student_width: int, teacher_width: int, teacher_heads: int) -> int:
    """Choose how many relation heads to compare: as many as the teacher has, or the most of them that fit both."""
    return gcd(gcd(teacher_heads, teacher_width), student_width)


def relations_distance(
    student: Sequence[Tensor], teacher: Sequence[Tensor], present: Tensor, teacher_heads: int
) -> Tensor:
    """Divergence of the student's relations from the teacher's: mean over projections, relation heads and words.

    Args:
        student: queries, keys and values [B, N, width] of the same words as the teacher's, any width.
        teacher: the teacher's.
        present: which of the words are there, [B, N].
        teacher_heads: the teacher's attention heads.
    """
    distances = []
    for mine, theirs in zip(student, teacher, strict=True):
        heads = relation_heads(mine.shape[-1], theirs.shape[-1], teacher_heads)
        relations = [_log_relations(each, present, heads) for each in (mine, theirs)]
        distances.append(_divergence(relations[0], relations[1], present))
    return sum(distances, start=distances[0].new_zeros(())) / len(distances)


def _log_relations(projection: Tensor, present: Tensor, heads: int) -> Tensor:
    """Log of the softmax [B, heads, N, N] over the words that are there."""
    batch, words, width = projection.shape
    parts = projection.float().reshape(batch, words, heads, width // heads).transpose(1, 2)
    scores = parts @ parts.transpose(2, 3) / sqrt(width // heads)
    return torch.log_softmax(scores.masked_fill(~present[:, None, None], _NOWHERE), -1)


def _divergence(student: Tensor, teacher: Tensor, present: Tensor) -> Tensor:
    rows = (teacher.exp() * (teacher - student)).sum(-1)
    return rows.transpose(1, 2)[present].mean()
