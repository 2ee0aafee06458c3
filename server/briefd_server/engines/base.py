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
LONGEST_SINGLE_SENTENCE = 20
"""Words up to which, as the most that is asked for, a summary is one sentence; above, it is up to two whole ones."""
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


class Polarity(Enum):
    """What a place in a sentence allows to be left out, by natural logic (MacCartney and Manning, 2007).

    `UP` (upward entailing): a restriction may go, since the general follows from the special: "a pump in hall 3
    stopped" says that a pump stopped. `DOWN` (downward entailing): it may not; "no pump in hall 3 stopped" does not
    say that no pump stopped. `NONE`: neither holds, as under "exactly three" or in a question.
    """

    UP = "up"
    DOWN = "down"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Task:
    """What an engine is asked: a text that holds at least one word, and a length that was checked.

    Attributes:
        text: to be summarized.
        min_word_count: of the summary, `MIN_WORD_COUNT` to `max_word_count`.
        max_word_count: of the summary, up to `MAX_WORD_COUNT`. Up to `LONGEST_SINGLE_SENTENCE` words the summary is
            one sentence; above, up to two whole ones.
        min_confidence: the least `Summary.confidence` that the caller takes, from 0 to 1. The service holds answers
            to it; an engine may use it to choose between sentences, and need not.
        is_explained: whether the caller wants `Summary.explanation`.
    """

    text: str
    min_word_count: int = DEFAULT_MIN_WORD_COUNT
    max_word_count: int = DEFAULT_MAX_WORD_COUNT
    min_confidence: float | None = None
    is_explained: bool = False

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
class WordChoice:
    """Why one word of a sentence that the summary was taken from was kept or dropped.

    Attributes:
        span: of the word in the task's text.
        is_kept: whether the summary has the word.
        rule: by its name in the engine's table of rules: lower case, parts joined by hyphens, and a colon before what
            the rule was applied to (`negation`, `restrictive-phrase`, `price:amod`).
        polarity: of the word's place.
        serves: the word that this one was kept or dropped with or for; `None` where the rule looks at no other.
    """

    span: Span
    is_kept: bool
    rule: str
    polarity: Polarity
    serves: Span | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """What an engine answers; the fields mean what `SummarizeResult` says of theirs.

    `words_read` counts the words of the text that were read. `confidence` is `None` where the engine has no
    proof-reader. `explanation` has one entry for each word of the sentences that the summary was taken from, in the
    text's order, if the task `is_explained` and the engine can tell; it is empty otherwise.
    """

    text: str
    word_count: int
    shortfall: Shortfall | None
    spans: tuple[Span, ...]
    language: str
    sentence_count: int
    words_read: int
    confidence: float | None = None
    explanation: tuple[WordChoice, ...] = ()


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
