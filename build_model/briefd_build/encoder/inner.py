"""What a teacher teaches beside its outputs: hidden states and attention, at the first pieces of words."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from briefd_build.compression.bert import Bert
from briefd_build.compression.relations import recorded_projections, relations_distance
from briefd_build.compression.states import recorded_states, states_distance
from briefd_build.encoder.network import at_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor
    from transformers import BertModel

    from briefd_build.pipeline.model import Lesson


class Inner(NamedTuple):
    """States of all layers and projections of the last one, [B, T, width] each; none where a lesson gives no weight."""

    states: list[Tensor]
    projections: list[Tensor]


class Words(NamedTuple):
    """Where words are: their first pieces in the student's and in the teacher's, and which are there, [B, N] each."""

    starts: Tensor
    teacher_starts: Tensor
    present: Tensor


@contextmanager
def recorded(bert: BertModel, lesson: Lesson) -> Iterator[Inner]:
    """Record what a lesson is about of what an encoder reads inside."""
    with ExitStack() as stack:
        yield Inner(
            stack.enter_context(recorded_states(bert)) if lesson.states else [],
            stack.enter_context(recorded_projections(Bert(bert))) if lesson.attention else [],
        )


def add_inner_distance(
    loss: Tensor, student: Inner, teacher: Inner, words: Words, lesson: Lesson, teacher_bert: BertModel
) -> Tensor:
    """Add how far a student's states and attention are from its teacher's, as the lesson weighs them."""
    if lesson.states:
        loss = loss + lesson.states * states_distance(
            [at_words(each, words.starts)[words.present] for each in student.states],
            [at_words(each, words.teacher_starts)[words.present] for each in teacher.states],
        )
    if lesson.attention:
        loss = loss + lesson.attention * relations_distance(
            [at_words(each, words.starts) for each in student.projections],
            [at_words(each, words.teacher_starts) for each in teacher.projections],
            words.present,
            Bert(teacher_bert).shape.heads,
        )
    return loss
