"""Training of classifiers: by labels, by a teacher, by LoRA; it resumes exactly and says when it can't go on."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from long_runs import cases
from tiny_tokenizer import make_tokenizer
from torch import Tensor
from toy_labels import LABELS, toy_texts

from briefd_build.classification.batches import TextReader, batches_of_epoch, make_examples
from briefd_build.classification.losses import logits_of
from briefd_build.classification.opening import open_classifier
from briefd_build.classification.teaching import network_of, teach
from briefd_build.compression.anatomy import Shape
from briefd_build.compression.bert import Bert
from briefd_build.compression.structured import reshape
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Lesson, Model

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.base_model import BaseModel
    from briefd_build.classification.labelled import LabelledText

WINDOW = 64
LESSON = Lesson(epochs=8, rate=3e-3, head_rate=1e-2)
TRAIN, TEST = toy_texts(400)[:256], toy_texts(400)[256:]


class Interrupted(Exception):  # noqa: N818 - as if the machine had gone down
    pass


def opened(base: BaseModel) -> Model:
    network, tokenizer, labels, _ = open_classifier(str(base.directory), LABELS, WINDOW)
    return Model(network, tokenizer, facts={"labels": labels})


@pytest.fixture
def model(base: BaseModel) -> Model:
    return opened(base)


@pytest.fixture(scope="module")
def teacher(base: BaseModel, tmp_path_factory: pytest.TempPathFactory) -> Model:
    model = opened(base)
    teach(model, LESSON, None, TRAIN, WINDOW, tmp_path_factory.mktemp("teacher") / "c", lambda *_: None)
    return model


def train(
    model: Model,
    lesson: Lesson,
    checkpoint: Path,
    teacher: Model | None = None,
    labelled: Sequence[LabelledText] = TRAIN,
    stop_after: float = 2,
) -> list[float]:
    done: list[float] = []

    def report(_what: str, share: float) -> None:
        if share > stop_after:
            raise Interrupted
        done.append(share)

    teach(model, lesson, teacher, labelled, WINDOW, checkpoint, report)
    return done


@torch.no_grad()
def accuracy(model: Model, labelled: Sequence[LabelledText] = TEST) -> float:
    examples = make_examples(labelled, LABELS, TextReader(model.tokenizer, WINDOW), None)
    right = sum(
        int((logits_of(network_of(model), batch.piece_ids).argmax(-1) == batch.labels).sum())
        for batch in batches_of_epoch(examples, 1, 0)
    )
    return right / len(labelled)


def weights(model: Model) -> list[Tensor]:
    return [each.clone() for each in model.network.state_dict().values()]


def are_equal(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_it_learns(teacher: Model, model: Model) -> None:
    assert accuracy(teacher) > 0.95 > 0.7 > accuracy(model)
    assert not teacher.network.training
    assert all(each.requires_grad and each.device.type == "cpu" for each in teacher.network.parameters())


def test_it_resumes_to_the_weights_it_would_have_had(model: Model, base: BaseModel, tmp_path: Path) -> None:
    lesson = replace(LESSON, epochs=3)
    train(model, lesson, tmp_path / "straight")
    with pytest.raises(Interrupted):
        train(opened(base), lesson, tmp_path / "c", stop_after=0.4)
    resumed = opened(base)
    assert min(train(resumed, lesson, tmp_path / "c")) == pytest.approx(1 / 3)
    assert are_equal(weights(model), weights(resumed))


def test_seeds_decide(model: Model, base: BaseModel, tmp_path: Path) -> None:
    others = [opened(base), opened(base)]
    train(model, replace(LESSON, epochs=1), tmp_path / "a")
    train(others[0], replace(LESSON, epochs=1), tmp_path / "b")
    train(others[1], replace(LESSON, epochs=1, seed=2), tmp_path / "c")
    assert are_equal(weights(model), weights(others[0]))
    assert not are_equal(weights(model), weights(others[1]))


@pytest.mark.long
def test_a_teacher_makes_up_for_wrong_labels(model: Model, base: BaseModel, teacher: Model, tmp_path: Path) -> None:
    noisy = toy_texts(400, noise=0.4)[:256]
    alone = opened(base)
    train(alone, LESSON, tmp_path / "a", labelled=noisy)
    train(model, replace(LESSON, labels=0.0, temperature=2.0), tmp_path / "b", teacher, noisy)
    assert accuracy(model) > accuracy(alone) + 0.05
    assert accuracy(model) > 0.9


def pruned(model: Model) -> Model:
    """Take a layer, a head, neurons and word pieces out."""
    student = copy.deepcopy(model)
    network = network_of(student)
    student.tokenizer, kept = prune_vocabulary(model.tokenizer, [each.text for each in TRAIN[:20]])
    assert len(kept) < model.tokenizer.get_vocab_size()
    Bert(network.bert).keep_rows(kept)
    reshape(Bert(network.bert), Shape(layers=1, heads=1, feed_forward_width=16))
    return student


@pytest.mark.parametrize("part", cases(["states"], ["logits", "attention"]))
def test_a_pruned_student_comes_nearer_to_its_teacher(teacher: Model, tmp_path: Path, part: str) -> None:
    """Each part of the lesson alone makes its own distance smaller."""
    student = pruned(teacher)
    weights_of_parts = {"logits": 0.0, "states": 0.0, "attention": 0.0, part: 1.0}
    losses: list[float] = []

    def report(what: str, _share: float) -> None:
        losses.append(float(what.rpartition(" ")[2]))

    lesson = replace(LESSON, labels=0.0, **weights_of_parts)
    teach(student, lesson, teacher, TRAIN, WINDOW, tmp_path / "c", report)
    assert sum(losses[-4:]) < 0.7 * sum(losses[:4])
    assert part != "logits" or accuracy(student) > 0.9


def test_the_teacher_stays_as_it_is(teacher: Model, tmp_path: Path) -> None:
    before = weights(teacher)
    train(pruned(teacher), replace(LESSON, epochs=1, states=1.0, attention=1.0), tmp_path / "c", teacher)
    assert are_equal(before, weights(teacher))


@pytest.mark.long
def test_lora_is_merged_into_a_network_of_the_same_shape(model: Model, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    train(model, Lesson(epochs=8, rate=1e-2, lora_rank=8), tmp_path / "c")
    after = model.network.state_dict()
    assert accuracy(model) > 0.9
    assert list(before) == list(after)
    changed = {name for name, value in after.items() if not torch.equal(value, before[name])}
    assert "bert.encoder.layer.0.attention.self.query.weight" in changed
    assert "classifier.weight" in changed
    assert not any("embeddings" in name or "LayerNorm" in name for name in changed)
    assert all(each.requires_grad for each in model.network.parameters())


def test_diverging_is_an_error_with_the_fix(model: Model, tmp_path: Path) -> None:
    with torch.no_grad():
        network_of(model).classifier.weight.fill_(float("nan"))
    with pytest.raises(BuildError, match="training diverged; lower the rates"):
        train(model, LESSON, tmp_path / "c")


def test_teachers_that_cannot_teach_are_refused(model: Model, teacher: Model, tmp_path: Path) -> None:
    with_states = replace(LESSON, states=1.0)
    others = copy.deepcopy(teacher)
    others.facts["labels"] = ["good", "bad"]
    with pytest.raises(BuildError, match="other labels"):
        train(model, LESSON, tmp_path / "c", others)
    cased = copy.deepcopy(teacher)
    cased.tokenizer = make_tokenizer(("the",))
    cased.tokenizer.normalizer = None
    with pytest.raises(BuildError, match="finds other words"):
        train(model, with_states, tmp_path / "c", cased)
    with pytest.raises(BuildError, match="fewer layers"):
        train(model, with_states, tmp_path / "c", pruned(teacher))
    wide = copy.deepcopy(teacher)
    network_of(wide).config.hidden_size = 64
    with pytest.raises(BuildError, match="64 wide and the student's 32"):
        train(model, with_states, tmp_path / "c", wide)


def test_readers_of_other_pieces_find_the_same_words(model: Model) -> None:
    texts = ["The old pump filled the quay.", "valve"]
    smaller, _ = prune_vocabulary(model.tokenizer, ["the old"])
    for own, others in zip(
        TextReader(model.tokenizer, WINDOW).read(texts), TextReader(smaller, WINDOW).read(texts), strict=True
    ):
        assert len(own.starts) == len(others.starts)
    reading = TextReader(model.tokenizer, WINDOW).read(texts)[0]
    # The mark, six words and the full stop; "quay" is spelt out.
    assert reading.starts.tolist() == [0, 1, 2, 3, 4, 5, 6, 10]
    assert len(reading.piece_ids) == 12


def test_marks_in_a_text_are_read_as_text(model: Model) -> None:
    (reading,) = TextReader(model.tokenizer, WINDOW).read(["the [SEP] pump"])
    assert reading.piece_ids.tolist().count(model.tokenizer.token_to_id("[SEP]")) == 1
