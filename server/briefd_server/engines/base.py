"""The seam between the daemon and whatever turns a text into a sentence, or tells which label it belongs under.

An engine runs in a worker thread of the daemon, one call at a time, and knows nothing of gRPC. The daemon knows nothing
of how an engine works. `CallContext` is the daemon's hand in the engine's call: it times the stages, takes chunks as
they come, and tells the engine to stop.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


MIN_WORD_COUNT = 3
"""The shortest summary that may be asked for."""
MAX_WORD_COUNT = 60
"""The longest."""
DEFAULT_MIN_WORD_COUNT, DEFAULT_MAX_WORD_COUNT = 10, 15
"""Words of a summary where nothing else is asked for, the fewest and the most."""
MAX_LABEL_COUNT = 1024
"""The most labels that a classifier may know."""

ResultT_co = TypeVar("ResultT_co", covariant=True)


class Stage(Enum):
    """A part of a call whose time is reported on its own."""

    TOKENIZE = "tokenize"
    INFERENCE = "inference"


class AnyTask(Protocol[ResultT_co]):
    """What an engine is asked, of whichever kind it is."""

    @property
    def text(self) -> str:
        """The text, which holds at least one word."""

    def run_on(self, engine: Any, call: CallContext) -> ResultT_co:
        """Have it done by an engine of the kind that does it; raises what that does."""


class Shortfall(Enum):
    """Why a summary lies outside the asked length."""

    TEXT_TOO_SHORT = "text_too_short"


@dataclass(frozen=True, slots=True)
class Task:
    """What an engine is asked: a text that holds at least one word, and a length that was checked."""

    text: str
    min_word_count: int = DEFAULT_MIN_WORD_COUNT
    max_word_count: int = DEFAULT_MAX_WORD_COUNT

    def run_on(self, engine: Engine, call: CallContext) -> Summary:
        """See `AnyTask`."""
        return engine.summarize(self, call)


@dataclass(frozen=True, slots=True)
class ClassifyTask:
    """What a classifier is asked: a text that holds at least one word, and how many labels are wanted at most."""

    text: str
    label_count: int

    def run_on(self, engine: Classifier, call: CallContext) -> Classification:
        """See `AnyTask`; gives the most probable labels."""
        answer = engine.classify(self.text, call)
        return replace(answer, labels=answer.labels[: self.label_count])


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `[start, end)` of the task's text, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What an engine answers; the fields mean what `SummarizeResult` says of theirs.

    `words_read` counts the words of the text that were read.
    """

    text: str
    word_count: int
    shortfall: Shortfall | None
    spans: tuple[Span, ...]
    language: str
    sentence_count: int
    words_read: int


@dataclass(frozen=True, slots=True)
class LabelScore:
    """How probable it is that a text belongs under a label, from 0 to 1."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Classification:
    """What a classifier answers; the fields mean what `ClassifyResult` says of theirs.

    `labels` are all that the model knows, the most probable first; their probabilities sum to 1. `words_read` counts
    the words of the text.
    """

    labels: tuple[LabelScore, ...]
    words_read: int
    language: str


class CallContext(Protocol):
    """The running call, as its engine sees it."""

    def checkpoint(self) -> None:
        """Return at once while the call may go on; raise `CallStopped` once it was cancelled or its deadline passed."""

    def stage(self, stage: Stage) -> AbstractContextManager[None]:
        """Count the time spent inside under `stage`; may be entered many times, never nested."""

    def on_stop(self, callback: Callable[[], None]) -> AbstractContextManager[None]:
        """While inside, have `callback` called once, from another thread, when the call is to stop.

        When the call was already stopped, entering raises `CallStopped`.
        """

    def emit(self, chunk: str) -> None:
        """Send the next piece of the summary: whole words with the white space before them, never empty."""


class CallStopped(Exception):  # noqa: N818 - not an error: the caller went away or ran out of time
    """The call was cancelled or its deadline passed: unwind without an answer."""


class Engine(Protocol):
    """Turns texts into sentences; used by one worker thread at a time."""

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""

    def summarize(self, task: Task, call: CallContext) -> Summary:
        """Summarize one text.

        An engine that writes word by word emits what it has, in chunks that the answer's `text` begins with; the
        daemon sends the rest. One that has the whole sentence at once only returns it.

        Raises:
            CallStopped: the call was stopped; let it pass.
        """


class Classifier(Protocol):
    """Tells which label a text belongs under; used by one worker thread at a time."""

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""

    def classify(self, text: str, call: CallContext) -> Classification:
        """Classify one text that holds at least one word; nothing is emitted.

        Raises:
            CallStopped: the call was stopped; let it pass.
        """


class UnwatchedCall:
    """A call that nobody times, stops or listens to: for building and measuring."""

    def checkpoint(self) -> None:
        """Return at once."""

    def stage(self, stage: Stage) -> AbstractContextManager[None]:  # noqa: ARG002 - the protocol's signature
        """Count nothing."""
        return nullcontext()

    def on_stop(self, callback: Callable[[], None]) -> AbstractContextManager[None]:  # noqa: ARG002 - likewise
        """Never call back."""
        return nullcontext()

    def emit(self, chunk: str) -> None:
        """Drop the chunk."""
