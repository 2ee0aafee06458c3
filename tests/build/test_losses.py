"""The losses: what is right costs little, what is not labelled nothing, and no arc leaves its sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from briefd_build.compression.outputs import softened_divergence
from briefd_build.encoder.batches import IGNORED, Batch
from briefd_build.encoder.losses import distillation_loss, relation_scores, sentence_arcs, sentence_means, task_loss
from briefd_build.encoder.network import TAGS, Reading

COUNT, RELATION_COUNT, RANK = 5, 3, 2
SENTENCES = torch.tensor([[0, 0, 1, 1, -1]])
HEADS = torch.tensor([[1, 1, 2, 2, IGNORED]])


def batch_of(**changes: torch.Tensor) -> Batch:
    pieces = torch.ones(1, COUNT, dtype=torch.int64)
    labels = {
        "heads": HEADS,
        "relations": torch.tensor([[0, 2, 2, 1, IGNORED]]),
        "tags": torch.tensor([[0, 1, 2, 3, IGNORED]]),
        "salience": torch.tensor([[1.0, 0.0, 0.5, float("nan"), float("nan")]]),
        "prominence": torch.tensor([[1.0, 1.0, 0.0, 0.0, float("nan")]]),
    }
    return replace(Batch(pieces, pieces, pieces, pieces, SENTENCES, **labels), **changes)


def reading_of(scale: float) -> Reading:
    """Say what the labels say, the louder the larger the scale."""
    batch = batch_of()
    arcs, tags = torch.zeros(1, COUNT, COUNT), torch.zeros(1, COUNT, len(TAGS))
    dependents = torch.zeros(1, COUNT, RELATION_COUNT + 1, RANK)
    for word in range(4):
        arcs[0, word, batch.heads[0, word]] = scale
        tags[0, word, batch.tags[0, word]] = scale
        dependents[0, word, batch.relations[0, word]] = scale
    salience = scale * torch.tensor([[1.0, -1.0, 0.0, 9.0, 9.0]])
    prominence = scale * torch.tensor([[1.0, 1.0, -1.0, -1.0, 9.0]])
    return Reading(arcs, dependents, torch.ones_like(dependents), tags, salience, prominence)


def test_a_reading_that_says_the_labels_costs_least() -> None:
    losses = [float(task_loss(reading_of(scale), batch_of())) for scale in (-5.0, 0.0, 1.0, 20.0)]
    assert losses == sorted(losses, reverse=True)
    # A salience of one half can't cost less than ln 2, one of three labelled words.
    assert losses[-1] == pytest.approx(0.6931 / 3, abs=1e-3)


def test_nothing_labelled_costs_nothing_and_still_has_a_gradient() -> None:
    ignored, unknown = torch.full((1, COUNT), IGNORED), torch.full((1, COUNT), float("nan"))
    empty = batch_of(heads=ignored, relations=ignored, tags=ignored, salience=unknown, prominence=unknown)
    reading = Reading(*(part.requires_grad_() for part in reading_of(1.0)))
    loss = task_loss(reading, empty)
    loss.backward()
    assert loss.item() == 0
    assert reading.arc_scores.grad is not None


def test_arcs_between_sentences_and_to_padding_are_impossible() -> None:
    arcs = sentence_arcs(torch.zeros(1, COUNT, COUNT), SENTENCES)[0]
    possible = (arcs > -1).int().tolist()
    assert possible == [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_relations_are_scored_against_the_head_given() -> None:
    reading = reading_of(1.0)
    reading.relation_heads[0, 1, 0] = 7.0
    assert relation_scores(reading, HEADS)[0, 0].tolist() == [14.0, 0.0, 0.0, 0.0]
    assert relation_scores(reading, torch.tensor([[0] * COUNT]))[0, 0, 0] == 2.0


def test_means_are_over_sentences() -> None:
    values = torch.tensor([[1.0, 3.0, 5.0, 6.0, 100.0]])
    assert sentence_means(values, SENTENCES)[0, :4].tolist() == [2.0, 2.0, 5.5, 5.5]


def test_a_student_that_says_what_its_teacher_says_costs_least() -> None:
    teacher = reading_of(2.0)
    entropy = float(distillation_loss(teacher, teacher, batch_of()))
    for scale in (-1.0, 0.0, 1.0, 4.0):
        assert float(distillation_loss(reading_of(scale), teacher, batch_of())) > entropy


def test_a_student_like_its_teacher_is_at_no_distance_at_any_temperature() -> None:
    taught = reading_of(2.0)
    for temperature in (0.5, 1.0, 4.0):
        same = distillation_loss(taught, taught, batch_of(), temperature)
        other = distillation_loss(reading_of(-1.0), taught, batch_of(), temperature)
        # What is left is the teacher's own doubt about salience.
        assert float(same) < float(other)
        given = torch.sigmoid(taught.salience[0, :4] / temperature)
        doubt = (torch.special.entr(given) + torch.special.entr(1 - given)).mean() * temperature**2
        assert float(same) == pytest.approx(float(doubt), rel=1e-4)


def test_softer_outputs_differ_less_and_their_gradients_keep_their_size() -> None:
    student, teacher = torch.tensor([[0.0, 1.0]], requires_grad=True), torch.tensor([[2.0, 0.0]])
    assert softened_divergence(teacher, teacher, 3.0).item() == pytest.approx(0, abs=1e-6)
    by_hand = (torch.tensor([0.9, 0.1]) * (torch.tensor([0.9, 0.1]) / torch.tensor([0.5, 0.5])).log()).sum()
    logs = torch.log(torch.tensor([[0.5, 0.5]])), torch.log(torch.tensor([[0.9, 0.1]]))
    assert softened_divergence(*logs, 1.0).item() == pytest.approx(by_hand.item())
    (gradient,) = torch.autograd.grad(softened_divergence(student, teacher, 8.0), student)
    (other,) = torch.autograd.grad(softened_divergence(student, teacher, 16.0), student)
    torch.testing.assert_close(gradient, other, rtol=0.1, atol=0)
