"""Training of a classifier as a lesson says: by labels, by a teacher, all weights or LoRA's matrices alone."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import torch

from briefd_build.classification.batches import TextReader, batches_of_epoch, make_examples
from briefd_build.classification.losses import LabelledLoss, TaughtLoss
from briefd_build.errors import BuildError
from briefd_build.finetuning.adapting import adapt, weights_of
from briefd_build.training import EpochTrainer, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from torch import Tensor
    from transformers import BertForSequenceClassification

    from briefd_build.classification.batches import Batch
    from briefd_build.classification.labelled import LabelledText
    from briefd_build.pipeline.model import Lesson, Model, Report


def teach(
    model: Model,
    lesson: Lesson,
    teacher: Model | None,
    labelled: Sequence[LabelledText],
    window_pieces: int,
    checkpoint: Path,
    report: Report,
) -> None:
    """Train a classifier in place, from the checkpoint where there is one.

    Raises:
        BuildError: the training diverges, or the teacher can't teach what the lesson asks for.
    """
    _check_teacher(model, lesson, teacher)
    labels: list[str] = model.facts["labels"]
    reader = TextReader(model.tokenizer, window_pieces)
    teacher_reader = TextReader(teacher.tokenizer, window_pieces) if teacher else None
    examples = make_examples(labelled, labels, reader, teacher_reader)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(lesson.seed)
    # transformers types its networks' `to` too narrowly.
    network: Any = network_of(model)
    adapted = adapt(network, "bert", weights_of(lesson))
    network.classifier.requires_grad_()
    if lesson.freezes_words:
        network.bert.embeddings.word_embeddings.requires_grad_(requires_grad=False)
    network.to(device)
    EpochTrainer(
        partial(batches_of_epoch, examples, lesson.seed),
        _make_loss(network, lesson, teacher, device),
        Schedule(lesson.epochs, lesson.rate, lesson.head_rate or lesson.rate, lesson.layer_decay),
        checkpoint,
        lambda epochs, loss: report(f"training, loss {loss:.3f}", epochs / lesson.epochs),
    ).train(network, network.bert, device)
    model.network = adapted.merge().requires_grad_().cpu().eval()


def network_of(model: Model) -> BertForSequenceClassification:
    """Return the network of a classifier."""
    return cast("BertForSequenceClassification", model.network)


def _make_loss(
    network: BertForSequenceClassification, lesson: Lesson, teacher: Model | None, device: torch.device
) -> Callable[[Batch], Tensor]:
    if teacher is None:
        return LabelledLoss(network)
    teaching: Any = network_of(teacher)
    return TaughtLoss(network, teaching.to(device).eval(), lesson)


def _check_teacher(model: Model, lesson: Lesson, teacher: Model | None) -> None:
    if teacher is None:
        return
    if teacher.facts["labels"] != model.facts["labels"]:
        raise BuildError("the teacher knows other labels than the student; name another teacher")
    if (lesson.states or lesson.attention) and _words_of(teacher.tokenizer) != _words_of(model.tokenizer):
        raise BuildError(
            "the teacher's tokenizer finds other words than the student's, so that only logits can be taught; take out "
            "states and attention, or name another teacher"
        )
    widths = [network_of(each).config.hidden_size for each in (model, teacher)]
    if lesson.states and widths[0] != widths[1]:
        raise BuildError(
            f"the teacher's states are {widths[1]} wide and the student's {widths[0]}; take out states, or prune the "
            "teacher itself for a student"
        )
    layers = [network_of(each).config.num_hidden_layers for each in (model, teacher)]
    if lesson.states and layers[0] > layers[1]:
        raise BuildError("the teacher has fewer layers than the student; take out states, or name another teacher")


def _words_of(tokenizer: Tokenizer) -> tuple[Any, Any]:
    """Tell how a tokenizer finds words, before it cuts them into pieces."""
    definition = json.loads(tokenizer.to_str())
    return definition["normalizer"], definition["pre_tokenizer"]
