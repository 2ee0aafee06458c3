"""How long the engine takes for a text, without the daemon around it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.engine import ExtractiveEngine

_WARM_UP_COUNT = 5


@dataclass(frozen=True)
class Latency:
    """Times for texts of about 100 words, in milliseconds."""

    text_count: int
    model_threads: int
    p50_ms: float
    p95_ms: float


def time_engine(engine: ExtractiveEngine, texts: Sequence[str], count: int = 100) -> Latency:
    """Summarize the `count` texts that are nearest to 100 words, once each after a warm-up."""
    chosen = sorted(texts, key=lambda text: abs(count_words(text) - 100))[:count]
    for text in chosen[:_WARM_UP_COUNT]:
        engine.summarize(Task(text), UnwatchedCall())
    milliseconds = []
    for text in chosen:
        started = time.perf_counter()
        engine.summarize(Task(text), UnwatchedCall())
        milliseconds.append(1e3 * (time.perf_counter() - started))
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Latency(len(chosen), engine.thread_count, float(p50), float(p95))
