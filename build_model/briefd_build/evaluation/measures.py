"""The measures of a bundle by their names, each of which can be taken alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING

from briefd_build.corpora.collection import TREEBANKS
from briefd_build.corpora.documents import Document, read_abstracts, read_posts, read_treebank
from briefd_build.evaluation.attachment import score_attachment
from briefd_build.evaluation.cases import measure_cases, read_cases
from briefd_build.evaluation.choice import measure_choice, read_choice_sets
from briefd_build.evaluation.compression import read_compression_sets, score_compressions
from briefd_build.evaluation.confidence import measure_confidence
from briefd_build.evaluation.gold_trees import measure_gold_trees
from briefd_build.evaluation.lengths import score_compliance
from briefd_build.evaluation.outcome import Outcome
from briefd_build.evaluation.reversals import measure_reversals, read_reversals
from briefd_build.evaluation.salience import salience_auc
from briefd_build.evaluation.speed import time_engine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_server.engines.extractive.engine import ExtractiveEngine


@dataclass
class Subject:
    """What is measured, and on what: the treebanks' test sets, the other sets' dev sets, the project's own texts.

    Attributes:
        engine: of the bundle's variant.
        language: of the bundle.
        corpora: their directory; None does for the measures in `OWN_TEXTS`.
    """

    engine: ExtractiveEngine
    language: str
    corpora: Path | None

    @property
    def data(self) -> Path:
        """The corpora' directory."""
        assert self.corpora is not None
        return self.corpora

    @cached_property
    def treebanks(self) -> list[Document]:
        """Documents with gold trees."""
        return [each for name in TREEBANKS for each in read_treebank(self.data / name / "test.conllu.gz")]

    @cached_property
    def held_out(self) -> list[Document]:
        """Documents with reference summaries that no training saw."""
        treebank = [
            each for split in ("dev", "test") for each in read_treebank(self.data / "gum" / f"{split}.conllu.gz")
        ]
        abstracts = read_abstracts(self.data / "scitldr" / "dev.jsonl.gz")
        return [*treebank, *abstracts, *read_posts(self.data / "gov_posts" / "dev.jsonl.gz")]

    def trees(self) -> list[ParsedSentence]:
        """Give the gold trees of all sentences."""
        return [tree for document in self.treebanks for tree in document.trees]


def _measure_attachment(subject: Subject) -> Outcome:
    return Outcome(asdict(score_attachment(subject.engine, subject.treebanks)))


def _measure_salience(subject: Subject) -> Outcome:
    return Outcome({"area under the curve": salience_auc(subject.engine, subject.held_out)})


def _measure_compressions(subject: Subject) -> Outcome:
    """Watch the agreement with human compressions, in words of which each counts one: no goal, and no gate."""
    folder = subject.data / "compression_dev"
    sets = read_compression_sets(folder) if folder.is_dir() else []
    scores = {each.name: asdict(score_compressions(subject.engine, each)) for each in sets}
    return Outcome({f"{name} {score}": value for name, row in scores.items() for score, value in row.items()})


def _measure_lengths(subject: Subject) -> Outcome:
    texts = [" ".join(document.sentences) for document in (*subject.held_out, *subject.treebanks)]
    return Outcome(asdict(score_compliance(subject.engine, texts)))


def _measure_latency(subject: Subject) -> Outcome:
    texts = [text for document in subject.treebanks for text in _beginnings(document)]
    return Outcome(asdict(time_engine(subject.engine, texts)))


def _beginnings(document: Document) -> list[str]:
    """Every beginning of a document that ends with a sentence."""
    return list(accumulate(document.sentences, lambda text, sentence: f"{text} {sentence}"))[:40]


MEASURES: dict[str, Callable[[Subject], Outcome]] = {
    "gold-trees": lambda subject: measure_gold_trees(subject.engine, subject.trees()),
    "cases": lambda subject: measure_cases(subject.engine, read_cases(subject.language)),
    "reversals": lambda subject: measure_reversals(subject.engine, read_reversals(subject.language)),
    "choice": lambda subject: measure_choice(subject.engine, read_choice_sets(subject.data)),
    "confidence": lambda subject: measure_confidence(subject.engine, subject.trees()),
    "attachment": _measure_attachment,
    "salience": _measure_salience,
    "lengths": _measure_lengths,
    "latency": _measure_latency,
    "compressions": _measure_compressions,
}
"""In the order in which they are reported: what decides first, what is only watched last."""

OWN_TEXTS = frozenset({"cases", "reversals"})
"""Those that need no corpora."""

TITLES = {
    "gold-trees": "words cut, by gold trees",
    "cases": "cases with listed answers",
    "reversals": "negations and conditions",
    "choice": "the sentence nearest to human summaries",
    "confidence": "confidence, by gold trees",
    "attachment": "the parser, by gold trees",
    "salience": "salience of words, by human summaries",
    "lengths": "the asked length, the text's own words",
    "latency": "time of 100 words",
    "compressions": "agreement with human compressions (watched: no goal)",
}
"""Of the tables, by the measures' names."""
