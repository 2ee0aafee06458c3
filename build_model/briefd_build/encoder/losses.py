"""What a batch costs: the labels' losses and, in recovery training, the distance from the teacher's outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from briefd_build.compression.outputs import softened_divergence
from briefd_build.encoder.batches import IGNORED

if TYPE_CHECKING:
    from briefd_build.encoder.batches import Batch
    from briefd_build.encoder.network import Reading

_IMPOSSIBLE = -1e4
# Weights of the tasks beside the parser's two, set once by the size of their gradients and not tuned further.
_TAG_WEIGHT = 0.3
_SALIENCE_WEIGHT = 1.0
_PROMINENCE_WEIGHT = 0.3


def sentence_arcs(arc_scores: Tensor, sentences: Tensor) -> Tensor:
    """Arc scores [B, N, N] with the arcs between sentences, or to padding, made impossible."""
    same = (sentences.unsqueeze(1) == sentences.unsqueeze(2)) & (sentences >= 0).unsqueeze(1)
    return arc_scores.float().masked_fill(~same, _IMPOSSIBLE)


def relation_scores(reading: Reading, heads: Tensor) -> Tensor:
    """Scores [B, N, L + 1] of every relation (and of keeping the arc) between each word and the head given, [B, N]."""
    factors = reading.relation_heads
    index = heads.clamp(min=0)[..., None, None].expand(-1, -1, *factors.shape[2:])
    return (reading.relation_dependents * torch.gather(factors, 1, index)).sum(-1).float()


def task_loss(reading: Reading, batch: Batch) -> Tensor:
    """Loss against the labels, those absent left out."""
    arcs = sentence_arcs(reading.arc_scores, batch.sentences)
    relations = relation_scores(reading, batch.heads)[..., :-1]
    loss = _cross_entropy(arcs, batch.heads) + _cross_entropy(relations, batch.relations)
    loss = loss + _TAG_WEIGHT * _cross_entropy(reading.tag_scores.float(), batch.tags)
    loss = loss + _SALIENCE_WEIGHT * _masked_bce(reading.salience, batch.salience)
    prominence = sentence_means(reading.prominence.float(), batch.sentences)
    return loss + _PROMINENCE_WEIGHT * _masked_bce(prominence, batch.prominence)


def distillation_loss(student: Reading, teacher: Reading, batch: Batch, temperature: float = 1.0) -> Tensor:
    """Divergence from the teacher's heads, relations, tags and salience, over all words, softened by a temperature."""
    present = batch.sentences >= 0
    arcs = [sentence_arcs(reading.arc_scores, batch.sentences) for reading in (student, teacher)]
    heads = arcs[1].argmax(-1)
    relations = [relation_scores(reading, heads)[..., :-1] for reading in (student, teacher)]
    tags = [reading.tag_scores.float() for reading in (student, teacher)]
    diverging = [
        softened_divergence(mine[present], theirs[present], temperature) for mine, theirs in (arcs, relations, tags)
    ]
    loss = diverging[0] + diverging[1] + _TAG_WEIGHT * diverging[2]
    targets = torch.sigmoid(teacher.salience.float() / temperature)
    given = student.salience.float() / temperature
    salience = functional.binary_cross_entropy_with_logits(given[present], targets[present])
    return loss + _SALIENCE_WEIGHT * temperature**2 * salience


def sentence_means(values: Tensor, sentences: Tensor) -> Tensor:
    """For every word [B, N], the mean of the values over its sentence."""
    same = ((sentences.unsqueeze(1) == sentences.unsqueeze(2)) & (sentences >= 0).unsqueeze(1)).float()
    return (same @ values.unsqueeze(-1)).squeeze(-1) / same.sum(-1).clamp(min=1)


def _cross_entropy(scores: Tensor, targets: Tensor) -> Tensor:
    if not bool((targets != IGNORED).any()):
        return scores.sum() * 0
    return functional.cross_entropy(scores.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)


def _masked_bce(scores: Tensor, targets: Tensor) -> Tensor:
    labelled = ~torch.isnan(targets)
    if not bool(labelled.any()):
        return scores.float().sum() * 0
    return functional.binary_cross_entropy_with_logits(scores.float()[labelled], targets[labelled])
