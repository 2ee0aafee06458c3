"""How good a summarizer's encoder is: its grammar, its choice of words, and the sentences that come out."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from statistics import fmean
from typing import TYPE_CHECKING

from briefd_build.corpora.collection import TREEBANKS
from briefd_build.corpora.documents import read_abstracts, read_posts, read_treebank
from briefd_build.encoder.sentence_metrics import (
    SENTENCE_METRICS,
    SentenceTexts,
    choice_scores,
    is_apart,
    score_sentences,
)
from briefd_build.evaluation.attachment import score_attachment
from briefd_build.evaluation.compression import LEAST_WORDS, read_compression_sets, word_f1
from briefd_build.measures.embedding import find_embedder
from briefd_build.measures.summaries import SUMMARY_METRICS, answer_summary, score_summaries
from briefd_build.pipeline.results import Answer, Score
from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.engines.extractive import load
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from briefd_build.corpora.documents import Document
    from briefd_build.evaluation.compression import CompressionSet
    from briefd_build.measures.embedding import Embedder
    from briefd_build.pipeline.model import Report
    from briefd_server.engines.extractive.engine import ExtractiveEngine

_TIMED_TEXTS, _TIMED_WORDS = 40, 100
_WORDS, _HEADS, _RELATIONS = "words", "right_heads", "right_relations"
_COMPRESSION_F1 = "compression_word_f1"

GRAMMAR_METRICS = (
    Score("labelled_attachment", "labelled attachment, %", is_percent=True),
    Score("unlabelled_attachment", "unlabelled attachment, %", is_percent=True),
)
COMPRESSION_METRIC = Score(_COMPRESSION_F1, "word F1 against human compressions (watched: no goal)")
"""To the compressions each word counts one: the measure can't see what is needed, nor which words bend a sentence."""


class Judge:
    """Answers and scores the held-out texts; made from the corpora's directory and the bundles' language.

    Texts: the treebanks' test sets (grammar, summary and long sentences alone), GUM's dev set without its trees and the
    dev sets of abstracts and posts (summary against title, abstract or summary), the project's own cases and reversals,
    and, where they are at hand, the sets of human compressions, whose texts must not be shown.
    """

    def __init__(self, data: Path, language: str = "en") -> None:
        self._treebanks = [each for name in TREEBANKS for each in read_treebank(data / name / "test.conllu.gz")]
        self._sentences = SentenceTexts([tree for each in self._treebanks for tree in each.trees], language)
        self._documents = [
            *(replace(each, trees=()) for each in read_treebank(data / "gum" / "dev.conllu.gz")),
            *read_abstracts(data / "scitldr" / "dev.jsonl.gz"),
            *read_posts(data / "gov_posts" / "dev.jsonl.gz"),
        ]
        folder = data / "compression_dev"
        self._compressions = read_compression_sets(folder) if folder.is_dir() else []

    @cached_property
    def _embedder(self) -> Embedder:
        return find_embedder()

    @property
    def metrics(self) -> list[Score]:
        """List the metrics, what is wrong with the sentences first; one whose texts are not at hand has no value."""
        watched = [COMPRESSION_METRIC] if self._compressions else []
        return [*SENTENCE_METRICS, *GRAMMAR_METRICS, *SUMMARY_METRICS, *watched]

    def timed_texts(self) -> list[str]:
        """Choose the beginnings of documents that are nearest to 100 words."""
        beginnings = [text for document in self._treebanks for text in _beginnings(document)]
        return sorted(beginnings, key=lambda text: abs(count_words(text) - _TIMED_WORDS))[:_TIMED_TEXTS]

    def answer(self, bundle: Path, thread_count: int, report: Report) -> list[Answer]:
        """Let the serving engine read and summarize everything."""
        engine = load(read_bundle(bundle), OPTIMIZED, thread_count)
        embedder = self._embedder
        documents = [each for each in (*self._treebanks, *self._documents) if count_words(" ".join(each.sentences))]
        answers = []
        for number, document in enumerate(documents):
            report("reading documents", number / len(documents))
            answers.append(_answer_document(engine, document, embedder))
        report("reading sentences", 1.0)
        answers += self._sentences.answer(engine)
        for compressions in self._compressions:
            report(f"compressing {compressions.name}", 1.0)
            answers += _compress(engine, compressions)
        return answers

    def score(self, answers: Sequence[Answer], baseline: Sequence[Answer]) -> dict[str, float]:
        """Sum up: attachment over all words, the rest as means over texts."""
        pairs = list(zip(answers, baseline, strict=True))
        summaries = [pair for pair in pairs if _COMPRESSION_F1 not in pair[0].scores and not is_apart(pair[0])]
        scores = score_sentences(answers)
        scores |= score_summaries([mine for mine, _ in summaries], [other for _, other in summaries])
        totals = {name: sum(each.scores.get(name, 0.0) for each in answers) for name in (_WORDS, _HEADS, _RELATIONS)}
        words = totals[_WORDS] or 1.0
        scores["labelled_attachment"] = 100 * totals[_RELATIONS] / words
        scores["unlabelled_attachment"] = 100 * totals[_HEADS] / words
        if self._compressions:
            scores[_COMPRESSION_F1] = fmean(
                each.scores[_COMPRESSION_F1] for each in answers if _COMPRESSION_F1 in each.scores
            )
        return scores


def _answer_document(engine: ExtractiveEngine, document: Document, embedder: Embedder) -> Answer:
    task = Task(" ".join(document.sentences))
    summary = engine.summarize(task, UnwatchedCall())
    answer = answer_summary(task, document.references, summary.text, embedder)
    answer.scores.update(choice_scores(document, summary))
    if document.trees:
        answer.scores.update(_grammar(engine, document))
    return answer


def _grammar(engine: ExtractiveEngine, document: Document) -> dict[str, float]:
    scores = score_attachment(engine, [document])
    return {
        _WORDS: scores.word_count,
        _HEADS: scores.unlabelled * scores.word_count / 100,
        _RELATIONS: scores.labelled * scores.word_count / 100,
    }


def _compress(engine: ExtractiveEngine, compressions: CompressionSet) -> Iterator[Answer]:
    for text, references in zip(compressions.texts, compressions.references, strict=True):
        task = Task(text, LEAST_WORDS, compressions.most_words)
        given = engine.summarize(task, UnwatchedCall()).text
        f1 = fmean(word_f1(reference, given) for reference in references)
        yield Answer("", (), given, {_COMPRESSION_F1: f1})


def _beginnings(document: Document) -> list[str]:
    """Every beginning of a document that ends with a sentence."""
    return list(accumulate(document.sentences, lambda text, sentence: f"{text} {sentence}"))[:40]
