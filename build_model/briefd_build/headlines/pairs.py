"""Pairs of a text and its sentence of 10 to 15 words: what the small model learns from.

Human pairs of that length are few, so most are written by the default bundle: sequence-level distillation
(Kim & Rush, "Sequence-Level Knowledge Distillation", 2016) from a teacher whose sentences are faithful.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import stems, summarized_beginnings
from briefd_build.errors import BuildError
from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from briefd_build.corpora.documents import Document
    from briefd_server.engines.base import Engine

LEAST_WORDS, MOST_WORDS = 10, 15
# A human summary that takes most of its words from elsewhere teaches a small model to make things up.
_LEAST_FOUND = 0.8
_CHUNK_TEXTS = 64


@dataclass(frozen=True)
class Pair:
    """A text and its sentence."""

    text: str
    summary: str


def human_pairs(documents: Sequence[Document], most_words: int) -> Iterator[Pair]:
    """Take the documents' own summaries that are sentences of the right length and keep to the text's words.

    The text is the document's beginning, at most `most_words` words of it in whole sentences.
    """
    for text, summary in summarized_beginnings(documents, most_words):
        if LEAST_WORDS <= count_words(summary) <= MOST_WORDS and found_share(summary, text) >= _LEAST_FOUND:
            yield Pair(text, summary)


def found_share(summary: str, text: str) -> float:
    """Share of a summary's words whose stems the text holds, 0 to 1; 0 for a summary without a word."""
    held, words = set(stems(text)), stems(summary)
    return sum(word in held for word in words) / len(words) if words else 0.0


def teach(texts: Sequence[str], teacher: Path, processes: int, report: Callable[[float], None]) -> list[Pair]:
    """Have a bundle summarize texts, in processes of their own; texts that are too short for it are left out.

    Args:
        texts: what to summarize.
        teacher: the bundle's directory.
        processes: how many work at once, a thread each.
        report: called with the share that is done, 0 to 1.

    Raises:
        BundleError: the bundle can't be read.
        BuildError: a process was ended from outside.
    """
    read_bundle(teacher)  # what is wrong with it is said here, and not by a process that dies of it
    try:
        return _teach(texts, teacher, processes, report)
    except BrokenProcessPool as error:
        raise BuildError("a process of the teacher was ended; free some memory and go on") from error


def _teach(texts: Sequence[str], teacher: Path, processes: int, report: Callable[[float], None]) -> list[Pair]:
    pairs = []
    with ProcessPoolExecutor(
        processes, multiprocessing.get_context("spawn"), initializer=_load_teacher, initargs=(teacher,)
    ) as pool:
        try:
            for number, summary in enumerate(pool.map(_summarize, texts, chunksize=_CHUNK_TEXTS)):
                if number % _CHUNK_TEXTS == 0:
                    report(number / len(texts))
                if summary is not None:
                    pairs.append(Pair(texts[number], summary))
        except BaseException:  # an interrupt too: what was asked for and not begun would be waited for
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return pairs


def write_lines(pairs: Iterable[Pair]) -> str:
    """Write pairs as JSON lines."""
    return "".join(json.dumps({"text": pair.text, "summary": pair.summary}) + "\n" for pair in pairs)


def read_lines(path: Path) -> list[Pair]:
    """Read pairs that `write_lines` wrote."""
    with path.open(encoding="utf-8") as lines:
        return [Pair(**json.loads(line)) for line in lines]


_engines: list[Engine] = []  # the worker process's own teacher


def _load_teacher(directory: Path) -> None:
    # Ctrl-C is the parent's to answer: this process would only print where it was.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _engines.append(load_summarizer(read_bundle(directory), OPTIMIZED, 1))


def _summarize(text: str) -> str | None:
    summary = _engines[0].summarize(Task(text, LEAST_WORDS, MOST_WORDS), UnwatchedCall())
    return summary.text if summary.shortfall is None else None
