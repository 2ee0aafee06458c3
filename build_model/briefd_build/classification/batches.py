"""Labelled texts as what a network, and the network that teaches it, reads."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import torch
from tokenizers import Tokenizer
from torch.nn.utils.rnn import pad_sequence

from briefd_build.finetuning.batches import plan_epoch
from briefd_server.engines.tokenizer_files import as_served

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

    from briefd_build.classification.labelled import LabelledText

# Texts of a step; customary for fine-tuning BERT (Devlin et al. 2019 name 16 and 32).
BATCH_TEXTS = 32


class Reading(NamedTuple):
    """A text as pieces: their ids, and where each word begins among them; the first is the text's own mark."""

    piece_ids: Tensor
    starts: Tensor


class Example(NamedTuple):
    """A text as the student and as its teacher read it, and the number of its label."""

    student: Reading
    teacher: Reading
    label: int


@dataclass(frozen=True)
class Batch:
    """B texts, padded with 0: of the student's T pieces, the teacher's U pieces, and N words that both read.

    `starts` are positions of the words' first pieces; the text's own mark, at 0, is the first word, and any other 0 is
    padding.
    """

    piece_ids: Tensor
    starts: Tensor
    teacher_piece_ids: Tensor
    teacher_starts: Tensor
    labels: Tensor

    @property
    def present(self) -> Tensor:
        """Which words are there, [B, N]."""
        is_there = self.starts > 0
        is_there[:, 0] = True
        return is_there

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


class TextReader:
    """Cuts texts into pieces as the engine does a text's first window.

    Args:
        tokenizer: puts a mark before a text and one after it.
        window_pieces: pieces that are read, the marks included; what is beyond is not learned from.
    """

    def __init__(self, tokenizer: Tokenizer, window_pieces: int) -> None:
        self._tokenizer = as_served(Tokenizer.from_str(tokenizer.to_str()))
        self._tokenizer.enable_truncation(window_pieces)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read texts."""
        return [
            Reading(torch.tensor(each.ids), torch.tensor(_starts(each.word_ids)))
            for each in self._tokenizer.encode_batch(list(texts))
        ]


def _starts(word_ids: Sequence[int | None]) -> list[int]:
    changes = (place for place, (before, word) in enumerate(pairwise(word_ids), start=1) if word != before)
    return [0, *(place for place in changes if word_ids[place] is not None)]


def make_examples(
    labelled: Sequence[LabelledText], labels: Sequence[str], reader: TextReader, teacher_reader: TextReader | None
) -> list[Example]:
    """Read texts for a student, and for its teacher where there is one."""
    texts = [each.text for each in labelled]
    own = reader.read(texts)
    others = own if teacher_reader is None else teacher_reader.read(texts)
    numbers = {name: number for number, name in enumerate(labels)}
    return [
        Example(*_same_words(*pair), numbers[each.label])
        for each, pair in zip(labelled, zip(own, others, strict=True), strict=True)
    ]


def _same_words(first: Reading, second: Reading) -> tuple[Reading, Reading]:
    """Leave the words that both read: the one that cuts finer reads fewer of a long text."""
    count = min(len(first.starts), len(second.starts))
    return first._replace(starts=first.starts[:count]), second._replace(starts=second.starts[:count])


def batches_of_epoch(examples: Sequence[Example], seed: int, epoch: int) -> list[Batch]:
    """Batch examples of similar length, in an order that seed and epoch decide."""
    lengths = [len(example.student.piece_ids) for example in examples]
    plan = plan_epoch(lengths, BATCH_TEXTS, seed, epoch)
    return [_collate([examples[number] for number in members]) for members in plan]


def _collate(examples: Iterable[Example]) -> Batch:
    students, teachers, labels = zip(*examples, strict=True)
    pad = partial(pad_sequence, batch_first=True)
    return Batch(
        pad([each.piece_ids for each in students]),
        pad([each.starts for each in students]),
        pad([each.piece_ids for each in teachers]),
        pad([each.starts for each in teachers]),
        torch.tensor(labels),
    )
