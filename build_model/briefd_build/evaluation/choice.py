"""The choice of the sentence: whether it is the one nearest to what people wrote of the document.

Nearness of a sentence: the sum of ROUGE-1's and ROUGE-2's F (Lin 2004, stemmed), mean over the document's human
summaries, a post's title among them. Of sentences that are equally near each is right. A joined answer counts for its
first one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from statistics import fmean
from typing import TYPE_CHECKING

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenizers import DefaultTokenizer, Tokenizer

from briefd_build.corpora.documents import Document, read_abstracts, read_posts, read_treebank
from briefd_build.evaluation.answers import summarize
from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.wilson import Share

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_server.engines.base import Engine, Summary

OTHER = "another sentence"
_ROUGES = ("rouge1", "rouge2")
_EQUAL = 1e-9
MOST_SENTENCES = 75
"""Of longer documents (12 of 770) one sentence says too little for any to be the right one."""


@dataclass(frozen=True)
class ChoiceSet:
    """Documents with human summaries that no training saw."""

    name: str
    documents: tuple[Document, ...]


def read_choice_sets(data: Path) -> list[ChoiceSet]:
    """Read the sets: dev of SciTLDR and of the posts, dev and test of GUM."""
    treebank = [each for split in ("dev", "test") for each in read_treebank(data / "gum" / f"{split}.conllu.gz")]
    sets = {
        "scitldr": read_abstracts(data / "scitldr" / "dev.jsonl.gz"),
        "gov_posts": read_posts(data / "gov_posts" / "dev.jsonl.gz"),
        "gum": treebank,
    }
    return [ChoiceSet(name, tuple(filter(is_choosable, documents))) for name, documents in sets.items()]


def is_choosable(document: Document) -> bool:
    """Whether one of the document's sentences can be said to be the best."""
    return bool(document.references) and len(document.sentences) <= MOST_SENTENCES


def is_nearest(document: Document, summary: Summary) -> bool:
    """Whether a summary of the document, its sentences joined by blanks, begins in a sentence that is nearest."""
    return sentence_at(document.sentences, summary.spans[0].start) in nearest_sentences(document)


@lru_cache(maxsize=1024)
def nearest_sentences(document: Document) -> tuple[int, ...]:
    """Find the sentences that no other one of the document is nearer than, by their numbers."""
    nearness = [nearness_to(document.references, sentence) for sentence in document.sentences]
    best = max(nearness)
    return tuple(number for number, each in enumerate(nearness) if each > best - _EQUAL)


def measure_choice(engine: Engine, sets: Sequence[ChoiceSet]) -> Outcome:
    """Answer the documents, sentence after sentence with a blank between; the figures are shares of nearest ones."""
    examples: list[Example] = []
    figures = {}
    for each in sets:
        answered = [
            _example(engine, f"{each.name}-{number}", document) for number, document in enumerate(each.documents)
        ]
        figures[each.name] = Share.of(not example.faults for example in answered)
        examples += answered
    return Outcome({"nearest": Share.of(not example.faults for example in examples), **figures}, tuple(examples))


def _example(engine: Engine, number: str, document: Document) -> Example:
    text = " ".join(document.sentences)
    summary = summarize(engine, text)
    notes = {
        "chosen": document.sentences[sentence_at(document.sentences, summary.spans[0].start)],
        "nearest": document.sentences[nearest_sentences(document)[0]],
        "references": list(document.references),
    }
    return Example(number, text, summary.text, () if is_nearest(document, summary) else (OTHER,), notes)


def sentence_at(sentences: Sequence[str], place: int) -> int:
    """Find the sentence that a character stands in, where blanks join the sentences."""
    ends = accumulate(len(sentence) + 1 for sentence in sentences)
    return next(number for number, end in enumerate(ends) if place < end)


def nearness_to(references: Sequence[str], sentence: str) -> float:
    """How near a sentence is to the summaries, mean over them, 0 to 2."""
    scores = (_scorer().score(reference, sentence) for reference in references)
    return fmean(sum(score[name].fmeasure for name in _ROUGES) for score in scores)


class _RememberingTokenizer(Tokenizer):  # type: ignore[misc]  # the library has no types
    """Stems each text once: a reference is compared with every sentence of its document."""

    def __init__(self) -> None:
        self._tokenize = lru_cache(maxsize=4096)(DefaultTokenizer(use_stemmer=True).tokenize)

    def tokenize(self, text: str) -> list[str]:
        """Split a text into stems."""
        stems: list[str] = self._tokenize(text)
        return stems


@cache
def _scorer() -> RougeScorer:
    return RougeScorer(_ROUGES, tokenizer=_RememberingTokenizer())
