"""Answers of an engine, as the measures use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from briefd_server.engines.base import Engine, Summary


def summarize(engine: Engine, text: str) -> Summary:
    """Summarize a text in as many words as where nothing is asked for."""
    return engine.summarize(Task(text), UnwatchedCall())


def kept_words(text: str, summary: Summary) -> list[int]:
    """Find the positions, among the words of a text, of those that its summary's spans hold, in order."""
    kept = []
    spans = iter(sorted(summary.spans, key=lambda span: span.start))
    span = next(spans, None)
    for position, word in enumerate(find_words(text)):
        while span is not None and span.end <= word.start:
            span = next(spans, None)
        if span is not None and span.start < word.end:
            kept.append(position)
    return kept
