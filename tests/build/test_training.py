"""Training: it learns, it resumes to the very same weights, and it says when it can't go on."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import torch
from tiny_corpus import VOCABULARY, write_corpus
from tiny_tokenizer import make_tokenizer

from briefd_build.corpora.collection import read_corpora
from briefd_build.encoder.mixture import Mixture
from briefd_build.encoder.network import HeadSizes, MultiTaskEncoder
from briefd_build.encoder.training import Trainer
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Lesson
from briefd_build.training import Schedule, _optimizer
from briefd_server.engines.extractive.pieces import PieceEncoder

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.base_model import BaseModel

RELATIONS = ["amod", "case", "det", "nsubj", "obj", "obl", "root"]
CPU = torch.device("cpu")


@pytest.fixture
def mixture(tmp_path: Path) -> Mixture:
    write_corpus(tmp_path / "data", train_count=16)
    encoder = PieceEncoder(make_tokenizer(VOCABULARY))
    return Mixture(read_corpora(tmp_path / "data", "train"), RELATIONS, (encoder, encoder), 1)


@pytest.fixture
def network(base: BaseModel) -> MultiTaskEncoder:
    torch.manual_seed(0)
    return MultiTaskEncoder(base.load_encoder(), len(RELATIONS), HeadSizes())


class Interrupted(Exception):  # noqa: N818 - as if the machine had gone down
    pass


def train(
    network: MultiTaskEncoder,
    mixture: Mixture,
    checkpoint: Path,
    lesson: Lesson,
    teacher: MultiTaskEncoder | None = None,
    stop_after: float = 99,
    checkpoint_seconds: float = 180.0,
) -> list[float]:
    losses: list[float] = []

    def report(epochs_done: float, loss: float) -> None:
        if epochs_done > stop_after:
            raise Interrupted
        losses.append(loss)

    torch.manual_seed(1)
    trainer = Trainer(mixture.batches_of_epoch, lesson, checkpoint, report, teacher, checkpoint_seconds)
    trainer.train(network, CPU)
    return losses


def test_it_learns(network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path) -> None:
    losses = train(network, mixture, tmp_path / "c", Lesson(6, 2e-3, 5e-3))
    assert losses[-1] < losses[0] / 2
    assert not network.training


def test_a_student_learns_from_a_teacher_what_no_label_tells(
    network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path
) -> None:
    train(network, mixture, tmp_path / "teacher", Lesson(6, 2e-3, 5e-3))
    student = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in student.arc_dependent.parameters():
            parameter.copy_(torch.randn_like(parameter))
    losses = train(student, mixture, tmp_path / "student", Lesson(6, 2e-3, 5e-3), network)
    assert losses[-1] < losses[0] / 2


def test_it_resumes_to_the_weights_it_would_have_had(
    network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path
) -> None:
    lesson = Lesson(3, 2e-3, 5e-3)
    straight, resumed, fresh = (copy.deepcopy(network) for _ in range(3))
    train(straight, mixture, tmp_path / "a", lesson)
    with pytest.raises(Interrupted):
        train(resumed, mixture, tmp_path / "b", lesson, stop_after=1.2)
    losses = train(fresh, mixture, tmp_path / "b", lesson)
    assert len(losses) == sum(len(mixture.batches_of_epoch(epoch)) for epoch in (1, 2))
    for ours, theirs in zip(straight.state_dict().values(), fresh.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=0, rtol=0)
    assert train(copy.deepcopy(network), mixture, tmp_path / "b", lesson) == []


def test_it_resumes_within_an_epoch_too(network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path) -> None:
    lesson = Lesson(2, 2e-3, 5e-3, layer_decay=0.9)
    straight, resumed, fresh = (copy.deepcopy(network) for _ in range(3))
    every_step = train(straight, mixture, tmp_path / "a", lesson)
    with pytest.raises(Interrupted):
        train(resumed, mixture, tmp_path / "b", lesson, stop_after=1.4, checkpoint_seconds=0)
    rest = train(fresh, mixture, tmp_path / "b", lesson)
    # The step whose report was the interruption is done again, and none before it in its epoch.
    assert len(rest) < len(mixture.batches_of_epoch(1))
    assert rest == every_step[-len(rest) :]
    for ours, theirs in zip(straight.state_dict().values(), fresh.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=0, rtol=0)


def test_rates_fall_from_layer_to_layer(network: MultiTaskEncoder, tmp_path: Path, mixture: Mixture) -> None:
    optimizer = _optimizer(network, network.bert, Schedule(1, 1.0, 3.0, layer_decay=0.5))
    rates = {id(each): group["lr"] for group in optimizer.param_groups for each in group["params"]}
    layers = network.bert.encoder.layer
    assert {rates[id(each)] for each in network.bert.embeddings.parameters()} == {0.25}
    assert [{rates[id(each)] for each in layer.parameters()} for layer in layers] == [{0.5}, {1.0}]
    assert rates[id(network.arc_product)] == 3.0
    assert len(rates) == len(list(network.parameters()))


def test_frozen_words_stay(network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path) -> None:
    words = network.bert.embeddings.word_embeddings.weight
    before = words.detach().clone()
    words.requires_grad_(requires_grad=False)
    train(network, mixture, tmp_path / "c", Lesson(1, 2e-3, 5e-3, layer_decay=0.9))
    torch.testing.assert_close(words.detach(), before, atol=0, rtol=0)
    assert words.grad is None


def test_diverging_is_an_error_with_the_fix(network: MultiTaskEncoder, mixture: Mixture, tmp_path: Path) -> None:
    with torch.no_grad():
        next(iter(network.tag.parameters())).fill_(float("nan"))
    with pytest.raises(BuildError, match="training diverged; lower the rates"):
        train(network, mixture, tmp_path / "c", Lesson(1, 2e-3, 5e-3))
    assert not (tmp_path / "c").exists()


def test_rates_rise_and_fall() -> None:
    schedule = Schedule(1, 1.0, 1.0, warmup=0.1)
    assert [schedule.factor(progress) for progress in (0, 0.05, 0.1, 0.55, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])
