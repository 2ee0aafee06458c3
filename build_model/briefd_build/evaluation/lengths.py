"""Whether summaries keep what the daemon promises: the asked length, and only the text's own words, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.evaluation.compression import lower_words
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_server.engines.extractive.engine import ExtractiveEngine


@dataclass(frozen=True)
class Compliance:
    """What was kept of the promises, in percent.

    Attributes:
        text_count: texts that were summarized.
        within_length: of the texts with enough words, those whose summary has the asked length.
        words_in_order: of all summaries' words, those found in the text in order.
    """

    text_count: int
    within_length: float
    words_in_order: float


def score_compliance(engine: ExtractiveEngine, texts: Iterable[str], least: int = 10, most: int = 15) -> Compliance:
    """Summarize texts and count."""
    long_enough = met = words = in_order = text_count = 0
    for text in texts:
        summary = engine.summarize(Task(text, least, most), UnwatchedCall())
        text_count += 1
        if count_words(text) >= least:
            long_enough += 1
            met += least <= count_words(summary.text) <= most
        summary_words = _words(summary.text)
        words += len(summary_words)
        in_order += _matches_in_order(summary_words, _words(text))
    return Compliance(text_count, 100 * met / max(1, long_enough), 100 * in_order / max(1, words))


def _words(text: str) -> list[str]:
    """Give the words without the stops that close them: a summary's last "F." is the "F" of the text."""
    return [word.rstrip(".") for word in lower_words(text)]


def _matches_in_order(wanted: Sequence[str], given: Sequence[str]) -> int:
    matched, position = 0, 0
    for word in wanted:
        try:
            position = given.index(word, position) + 1
        except ValueError:
            continue
        matched += 1
    return matched
