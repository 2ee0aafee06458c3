"""Against human compressions: word F1 and ROUGE-L of the chosen words, next to the first words of the text."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import fmean
from typing import TYPE_CHECKING

from rouge_score.rouge_scorer import RougeScorer

from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_server.engines.extractive.engine import ExtractiveEngine

LEAST_WORDS = 3
"""Shortest summary allowed here: the sets bound the length from above only."""


@dataclass(frozen=True)
class CompressionSet:
    """Sentences with human compressions; `most_words` is the length at which a system is compared."""

    name: str
    most_words: int
    texts: tuple[str, ...]
    references: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class CompressionScores:
    """Means over texts of the means over their references, 0 to 1."""

    text_count: int
    most_words: int
    word_f1: float
    first_words_f1: float
    rouge_l: float
    first_words_rouge_l: float


def read_compression_sets(folder: Path) -> list[CompressionSet]:
    """Read the sets of `compression_dev`."""
    return [_read(folder, "broadcast", 15), _read(folder, "newsroom", 11)]


def score_compressions(engine: ExtractiveEngine, compressions: CompressionSet) -> CompressionScores:
    """Score an engine and the first-words baseline on a set."""
    most = compressions.most_words
    summaries = [engine.summarize(Task(text, LEAST_WORDS, most), UnwatchedCall()).text for text in compressions.texts]
    firsts = [first_words(text, most) for text in compressions.texts]
    return CompressionScores(
        len(summaries),
        most,
        _mean(word_f1, summaries, compressions.references),
        _mean(word_f1, firsts, compressions.references),
        _mean(rouge_l, summaries, compressions.references),
        _mean(rouge_l, firsts, compressions.references),
    )


def word_f1(reference: str, summary: str) -> float:
    """Harmonic mean of precision and recall over the words, case ignored, as bags."""
    wanted, given = Counter(lower_words(reference)), Counter(lower_words(summary))
    common = (wanted & given).total()
    return 2 * common / (wanted.total() + given.total()) if common else 0.0


# A bootstrap asks for the same pairs a thousand times.
@lru_cache(maxsize=1 << 14)
def rouge_l(reference: str, summary: str) -> float:
    """ROUGE-L's F, 0 to 1, of stemmed words."""
    return float(_rouge_l_scorer().score(reference, summary)["rougeL"].fmeasure)


@cache
def _rouge_l_scorer() -> RougeScorer:
    return RougeScorer(["rougeL"], use_stemmer=True)


def lower_words(text: str) -> list[str]:
    """List the words of a text, lower case, as `briefd_server.text.words` defines them."""
    return [text[word.start : word.end].lower() for word in find_words(text)]


def first_words(text: str, count: int) -> str:
    """Cut out the first words of a text, with what stands between them."""
    words = find_words(text)[:count]
    return text[: words[-1].end] if words else ""


def _mean(score: Callable[[str, str], float], summaries: Sequence[str], references: Sequence[tuple[str, ...]]) -> float:
    return fmean(
        fmean(score(reference, summary) for reference in group)
        for summary, group in zip(summaries, references, strict=True)
    )


def _read(folder: Path, name: str, most_words: int) -> CompressionSet:
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return CompressionSet(
        name, most_words, tuple(r["text"] for r in records), tuple(tuple(r["summaries"]) for r in records)
    )
