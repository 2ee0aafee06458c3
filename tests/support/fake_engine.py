"""An engine without a model: the first word of the text says how it behaves."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_server.engines.base import (
    CallContext,
    Polarity,
    Shortfall,
    Span,
    Stage,
    Summary,
    Task,
    WordChoice,
)
from briefd_server.rehearsal import NUMERALS

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle

# Longer than any test waits, so that a stop that does not work is seen.
_LONG_SECONDS = 60.0
CONFIDENCES = {"sure": 0.97, "unsure": 0.4}
"""By a text's first word."""


class Panic(BaseException):
    """Raised as `pyo3_runtime.PanicException` is."""


class FakeEngine:
    """Answers with the first words of the text.

    `hold` first waits until it is stopped or `released` is set, as a model run with a terminate flag would; `spin`
    checks again and again instead; `stubborn` only heeds `released`; `pause` waits for a file named `go` in the
    current directory; `crash` fails, quoting the text, and `panic` does so as Rust would. Only `sure` and `unsure` have
    a confidence. Every word serves the first one.
    """

    def __init__(self, variant: str = "optimized", thread_count: int = 2) -> None:
        self.variant = variant
        self.thread_count = thread_count
        self.started = threading.Event()
        self.released = threading.Event()
        self.seen: list[str] = []
        self.stopped_count = 0

    def summarize(self, task: Task, call: CallContext) -> Summary:
        if task.text != NUMERALS:  # rehearsed before any test's call
            self.seen.append(task.text)
            self.started.set()
        words = task.text.split()
        with call.stage(Stage.TOKENIZE):
            pass
        with call.stage(Stage.INFERENCE):
            try:
                self._behave(words[0], task, call)
            except BaseException:
                self.stopped_count += 1
                raise
        chosen = words[: task.max_word_count]
        for number, word in enumerate(chosen):
            call.emit(word if number == 0 else f" {word}")
        return Summary(
            text=" ".join(chosen),
            word_count=len(chosen),
            shortfall=Shortfall.TEXT_TOO_SHORT if len(chosen) < task.min_word_count else None,
            spans=(Span(0, len(chosen[0])),),
            language="en",
            sentence_count=1,
            words_read=len(words),
            confidence=CONFIDENCES.get(words[0]),
            explanation=_explanation(task) if task.is_explained else (),
        )

    def _behave(self, manner: str, task: Task, call: CallContext) -> None:
        if manner == "crash":
            raise ValueError(f"cannot read {task.text}")
        if manner == "panic":
            raise Panic(f"cannot read {task.text}")
        if manner == "hold":
            with call.on_stop(self.released.set):
                self.released.wait(_LONG_SECONDS)
            call.checkpoint()
        if manner == "spin":
            end_seconds = time.monotonic() + _LONG_SECONDS
            while not self.released.is_set() and time.monotonic() < end_seconds:
                call.checkpoint()
        if manner == "pause":
            while not Path("go").exists():
                call.checkpoint()
                time.sleep(0.005)
        if manner == "stubborn":
            self.released.wait(_LONG_SECONDS)


def _explanation(task: Task) -> tuple[WordChoice, ...]:
    spans = [Span(*match.span()) for match in re.finditer(r"\S+", task.text)]
    return tuple(
        WordChoice(
            span,
            is_kept=number < task.max_word_count,
            rule="first-words" if number < task.max_word_count else "price:rest",
            polarity=Polarity.UP,
            serves=spans[0] if number else None,
        )
        for number, span in enumerate(spans)
    )


class FakeLoader:
    """Loads fake engines, each in `load_seconds`, and remembers them; or panics."""

    def __init__(self, load_seconds: float = 0.0, *, panics: bool = False) -> None:
        self.engines: list[FakeEngine] = []
        self._panics = panics
        self._load_seconds = load_seconds

    def __call__(self, bundle: Bundle, variant: str, thread_count: int) -> FakeEngine:
        time.sleep(self._load_seconds)
        if self._panics:
            raise Panic
        engine = FakeEngine(variant, thread_count)
        self.engines.append(engine)
        return engine
