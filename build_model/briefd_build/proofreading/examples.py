"""What the proof-reader learns from: candidates that the chooser makes of treebank sentences, judged by gold trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from briefd_build.evaluation.gold_trees import judge
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.proofreading.features import measure
from briefd_server.engines.extractive.proofreading.ranking import kept_matrix
from briefd_server.engines.extractive.sentence_options import SentenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_build.corpora.documents import Document
    from briefd_server.engines.extractive.candidates import Candidate
    from briefd_server.engines.extractive.engine import ExtractiveEngine
    from briefd_server.engines.extractive.reading import SentenceReading

TRAINING_LENGTH = Length(6, 24)
"""Sizes that are learnt from: around those that are mostly asked for."""
# Noise on every number of the table of costs, a normal one's deviation: as much as a third of what rows differ by.
_NOISE = 0.5
_TABLES = 3
_MOST_CANDIDATES = 60


@dataclass(frozen=True)
class Judged:
    """Candidates of one sentence.

    Attributes:
        document: number of its document.
        word_count: of the sentence.
        totals: [c], what the chooser makes of them.
        features: [c, F], see `proofreading.features`.
        sound: [c, 2], whether there is no fault at all, and whether no needed word is cut.
    """

    document: int
    word_count: int
    totals: NDArray[np.float64]
    features: NDArray[np.float32]
    sound: NDArray[np.bool_]


def judged_sentences(
    engine: ExtractiveEngine,
    documents: Sequence[Document],
    least_words: int,
    list_candidates: Callable[[SentenceReading], list[Candidate]],
    report: Callable[[float], None],
) -> Iterator[Judged]:
    """Judge the candidates of every sentence of at least so many words that has any.

    Args:
        engine: reads the sentences.
        documents: of treebanks.
        least_words: shorter sentences are left out.
        list_candidates: of one sentence.
        report: takes the share of the documents that are done.
    """
    for number, document in enumerate(documents):
        report(number / len(documents))
        readings = engine.read_document(document.sentences, with_arcs=True)
        for tree, reading in zip(document.trees, readings, strict=True):
            if len(reading) >= least_words and (candidates := list_candidates(reading)):
                yield _judge(number, tree, reading, candidates)


def _judge(number: int, tree: ParsedSentence, reading: SentenceReading, candidates: Sequence[Candidate]) -> Judged:
    assert reading.find_arcs is not None
    faults = [judge(tree, candidate.words) for candidate in candidates]
    return Judged(
        number,
        len(reading),
        np.array([candidate.total for candidate in candidates]),
        measure(reading, reading.find_arcs(), kept_matrix([each.words for each in candidates], len(reading))),
        np.array([[not each, not each.needed] for each in faults]),
    )


class VariedCandidates:
    """Lists candidates by the chooser's table and by tables with noise on every number, other ones each time.

    Args:
        costs: the chooser's table.
        seed: of the noise.
    """

    def __init__(self, costs: Costs, seed: int) -> None:
        self._costs = costs
        self._chance = np.random.default_rng(seed)

    def __call__(self, reading: SentenceReading) -> list[Candidate]:
        """List at most so many candidates of a sentence that training takes a minute."""
        found: dict[tuple[int, ...], Candidate] = {}
        for noise in (0.0, *[_NOISE] * (_TABLES - 1)):
            table = Costs.from_json(self._noisy(self._costs.to_json(), noise))
            for each in SentenceOptions(reading, table, TRAINING_LENGTH.most).candidates(TRAINING_LENGTH):
                found.setdefault(tuple(each.words), each)
        candidates = [each for each in found.values() if len(each.words) < len(reading)]
        if len(candidates) <= _MOST_CANDIDATES:
            return candidates
        picked = self._chance.choice(len(candidates), _MOST_CANDIDATES, replace=False)
        return [candidates[number] for number in sorted(picked.tolist())]

    def _noisy(self, table: dict[str, Any], noise: float) -> dict[str, Any]:
        return {
            name: self._noisy(value, noise) if isinstance(value, dict) else value + noise * self._chance.normal()
            for name, value in table.items()
        }
