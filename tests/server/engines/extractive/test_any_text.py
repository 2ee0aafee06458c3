"""The extractive engine on texts of every kind, with the default bundle and with an encoder that says anything."""

from __future__ import annotations

import numpy as np
import pytest
from faithful import check_answer
from hypothesis import example, given, settings
from hypothesis import strategies as st

from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.bundle.finding import PACKAGED_DIRECTORY
from briefd_server.engines import load_engine
from briefd_server.engines.base import CallStopped, Engine, Shortfall, Summary, Task, UnwatchedCall
from briefd_server.engines.extractive import read_parameters
from briefd_server.engines.extractive.engine import ExtractiveEngine
from briefd_server.engines.extractive.session import WindowReading
from briefd_server.text.formats import read_text
from briefd_server.text.words import count_words

BUNDLE = read_bundle(PACKAGED_DIRECTORY / "default-en")
ENGINE = load_engine(BUNDLE, OPTIMIZED, 1)

# Words, marks and layout that each mean something to one stage or another, put together in any way.
_TOKENS = st.sampled_from(
    [
        *"the a pump tank Tom stopped is was that said and or , but not of in to because which who if only had been "
        "THE I'm don't data-driven U.S. e.g. Mr. Dr. etc. p.m. $1.65 3.5% 02:26 #42 @home https://a.example/b?c x@y.be "
        "— – - -- … ... . ! ? ?! ; : ( ) [ ] { } \" ' “ ” ‘ ’ « » < > * _ ` | / \\ & + = % ° € 3 1926 "
        "so over \ufeff \u200b \u200d "
        "é e\u0301 ß İ ŉ ﬁ 你好 今天。 שלום مرحبا 😀 👩‍🔧 \x1b[31m \x07 \x7f \u202e From: - • 1. (a) # ``` >".split(),
        *["\n", "\n\n", "\r\n", "\t", "   ", "\u00a0", "\u2028", "\x0b", "\x85", "\n- ", "\n> ", "\n    "],
    ]
)
_JOINED = st.lists(st.tuples(_TOKENS, st.sampled_from([" ", " ", " ", "", "\n"])), min_size=1, max_size=60).map(
    lambda parts: "".join(token + space for token, space in parts)
)
_TEXTS = st.one_of(
    _JOINED,
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=200),
    st.lists(st.text(st.characters(categories=["L", "N", "P", "M"]), min_size=1, max_size=8), min_size=1).map(" ".join),
).filter(lambda text: count_words(text) > 0)
_LENGTHS = st.tuples(st.integers(3, 60), st.integers(3, 60)).map(sorted)


class AnythingSession:
    """Stands where the encoder does and says anything, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def read(self, window, call, *, is_last_of_many=False) -> WindowReading:
        labels = read_parameters(BUNDLE.manifest).labels
        count = len(window.word_starts)
        shapes = {
            "arc_scores": (count, count),
            "relation_dependents": (count, len(labels.relations) + 1, 4),
            "relation_heads": (count, len(labels.relations) + 1, 4),
            "tag_scores": (count, len(labels.tags)),
            "salience": (count,),
            "prominence": (count,),
        }
        scale = self._random.choice([0.0, 1.0, 30.0])
        return WindowReading(
            **{name: (scale * self._random.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}
        )


def summarize(engine: Engine, text: str, least: int = 10, most: int = 15) -> Summary:
    """Summarize and check what holds for every answer."""
    summary = engine.summarize(Task(text, least, most), UnwatchedCall())
    check_answer(text, summary.text, summary.spans, least=least, most=most)
    assert summary.word_count == count_words(summary.text)
    assert summary.sentence_count >= 1
    assert (summary.shortfall is Shortfall.TEXT_TOO_SHORT) == (count_words(read_text(text).text) < least)
    return summary


class StoppedCall(UnwatchedCall):
    """A call that is stopped after so many checkpoints."""

    def __init__(self, checkpoint_count: int) -> None:
        self.checkpoint_count = checkpoint_count

    def checkpoint(self) -> None:
        self.checkpoint_count -= 1
        if self.checkpoint_count < 0:
            raise CallStopped


@pytest.mark.parametrize("checkpoint_count", [0, 1, 20])
def test_a_stopped_call_is_left_between_sentences(checkpoint_count: int) -> None:
    """Checkpoints come after the text was split, before a sentence is weighed, and before its words are chosen."""
    text = "The pump in the second bay stopped at two because its bearing was worn.\n" * 20
    call = StoppedCall(checkpoint_count)
    with pytest.raises(CallStopped):
        ENGINE.summarize(Task(text, 10, 15), call)
    assert call.checkpoint_count == -1
    ENGINE.summarize(Task(text, 10, 15), StoppedCall(41))


@settings(max_examples=300)
@given(_TEXTS, _LENGTHS)
def test_any_text_in_any_length(text: str, length: list[int]) -> None:
    summarize(ENGINE, text, *length)


@settings(max_examples=300)
@given(_TEXTS, _LENGTHS, st.integers(0, 1 << 32))
@example("a", [3, 3], 0)
def test_any_tree(text: str, length: list[int], seed: int) -> None:
    """The guarantees do not rest on what the encoder makes of a text."""
    engine = ExtractiveEngine(ENGINE._encoder, AnythingSession(seed), read_parameters(BUNDLE.manifest), 1)
    summarize(engine, text, *length)
