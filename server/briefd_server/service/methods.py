"""What each method that asks the model does in its own way; all else of a call is common to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from briefd.v1 import briefd_pb2
from briefd_server.bundle import CLASSIFY, SUMMARIZE
from briefd_server.engines.base import (
    DEFAULT_MAX_WORD_COUNT,
    DEFAULT_MIN_WORD_COUNT,
    MAX_LABEL_COUNT,
    MAX_WORD_COUNT,
    MIN_WORD_COUNT,
    Classification,
    ClassifyTask,
    Summary,
    Task,
)
from briefd_server.errors import RequestError
from briefd_server.service.confidence import check_confidence, checked_min_confidence
from briefd_server.service.messages import classify_result, summarize_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message

    from briefd_server.engines.base import AnyTask
    from briefd_server.metering.usage import Usage

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Method(Generic[ResultT]):
    """One method of the service.

    Attributes:
        name: as the contract has it.
        task: of the bundles that can answer.
        request: what is asked: a message with `text`, `bundle`, `variant` and `sample_interval`.
        response: what is answered: a message with `sequence_number`, `accepted`, `sample` and `result`, and `chunk`
            where answers are text.
        read_task: reads off a request what the engine is to do; its text was checked, the rest it refuses itself.
        withholds: whether a task's answer may be refused once it is there: no chunk of it is sent before.
        check: refuses the answer of such a task.
        result_message: says an answer, what it cost and the form of the model that gave it.
        text_of: what an answer's chunks spell; empty where the method has none.
        word_counts: how many words were read, and how many `text_of` holds.
    """

    name: str
    task: str
    request: type[Message]
    response: type[Message]
    read_task: Callable[[Any], AnyTask[ResultT]]
    withholds: Callable[[Any], bool]
    check: Callable[[Any, ResultT], None]
    result_message: Callable[[ResultT, Usage, str], Message]
    text_of: Callable[[ResultT], str]
    word_counts: Callable[[ResultT], tuple[int, int]]


def _read_summarize_task(request: briefd_pb2.SummarizeRequest) -> Task:
    shortest = request.min_word_count if request.HasField("min_word_count") else DEFAULT_MIN_WORD_COUNT
    longest = request.max_word_count if request.HasField("max_word_count") else DEFAULT_MAX_WORD_COUNT
    if not MIN_WORD_COUNT <= shortest <= longest <= MAX_WORD_COUNT:
        raise RequestError(
            "LENGTH_OUT_OF_RANGE",
            f"the asked length is {shortest} to {longest} words; "
            f"ask for {MIN_WORD_COUNT} to {MAX_WORD_COUNT}, the minimum no greater than the maximum",
        )
    return Task(
        request.text,
        shortest,
        longest,
        min_confidence=checked_min_confidence(request.min_confidence) if request.HasField("min_confidence") else None,
        is_explained=request.explain,
    )


def _read_classify_task(request: briefd_pb2.ClassifyRequest) -> ClassifyTask:
    count = request.label_count if request.HasField("label_count") else MAX_LABEL_COUNT
    if not 1 <= count <= MAX_LABEL_COUNT:
        raise RequestError(
            "LABEL_COUNT_OUT_OF_RANGE", f"{count} labels are asked for; ask for 1 to {MAX_LABEL_COUNT}, or leave it out"
        )
    return ClassifyTask(request.text, count)


SUMMARIZE_METHOD: Method[Summary] = Method(
    name="Summarize",
    task=SUMMARIZE,
    request=briefd_pb2.SummarizeRequest,
    response=briefd_pb2.SummarizeResponse,
    read_task=_read_summarize_task,
    withholds=lambda task: task.min_confidence is not None,
    check=check_confidence,
    result_message=summarize_result,
    text_of=lambda summary: summary.text,
    word_counts=lambda summary: (summary.words_read, summary.word_count),
)
CLASSIFY_METHOD: Method[Classification] = Method(
    name="Classify",
    task=CLASSIFY,
    request=briefd_pb2.ClassifyRequest,
    response=briefd_pb2.ClassifyResponse,
    read_task=_read_classify_task,
    withholds=lambda _: False,
    check=lambda _, __: None,
    result_message=classify_result,
    text_of=lambda _: "",
    word_counts=lambda classification: (classification.words_read, 0),
)
METHODS: tuple[Method[Any], ...] = (SUMMARIZE_METHOD, CLASSIFY_METHOD)
