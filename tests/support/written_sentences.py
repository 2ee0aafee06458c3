"""What every answer of a generative bundle has to be, whatever the text and the model; and texts of every kind."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from odd_texts import LONG_ENOUGH
from tiny_models import CORPUS

from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from briefd_server.engines.base import Engine

LEAST_WORDS, MOST_WORDS = 10, 15
_WORDS = [word for line in CORPUS for word in line.split()]
_ODD_TEXTS = sorted(LONG_ENOUGH.values())
_FINAL_STOP = re.compile(r"[.!?…؟۔।॥。｡！？][\"'”’»)\]}」』）】]*$")


class _Listener(UnwatchedCall):
    def __init__(self) -> None:
        self.chunks: list[str] = []

    def emit(self, chunk: str) -> None:
        self.chunks.append(chunk)


def random_text(seed: int) -> str:
    """Make a text up: words of news in random order, among them now and then odd texts and any characters."""
    chance = random.Random(seed)
    words = [*_WORDS]
    if seed % 5 == 0:
        words += chance.choice(_ODD_TEXTS)[:2000].split()
    if seed % 7 == 0:
        words += ["".join(chr(chance.randrange(33, 0xD7FF)) for _ in range(chance.randint(1, 9))) for _ in range(20)]
    return " ".join(chance.choices(words, k=chance.randint(15, 150)))


def check_sentence(engine: Engine, seed: int) -> None:
    """Fail unless the answer to a random text is one sentence of the asked length, and was streamed as it is."""
    listener = _Listener()
    summary = engine.summarize(Task(random_text(seed), LEAST_WORDS, MOST_WORDS), listener)
    words = [summary.text[word.start : word.end].casefold() for word in find_words(summary.text)]
    assert LEAST_WORDS <= len(words) <= MOST_WORDS, (seed, summary.text)
    assert summary.word_count == len(words)
    assert summary.shortfall is None
    assert words[-1] != words[-2], (seed, summary.text)
    assert _FINAL_STOP.search(summary.text), (seed, summary.text)
    assert len(find_sentences(summary.text)) == 1, (seed, summary.text)
    assert summary.text.startswith("".join(listener.chunks)), (seed, summary.text)
