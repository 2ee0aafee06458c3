"""What the chooser puts out for treebank sentences, before and after the proof-reader, by their gold trees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.evaluation.salience import fractional_auc
from briefd_build.proofreading.calibration import calibration_error
from briefd_build.proofreading.examples import judged_sentences
from briefd_server.engines.base import DEFAULT_MAX_WORD_COUNT, DEFAULT_MIN_WORD_COUNT
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.proofreading.ranking import worth
from briefd_server.engines.extractive.proofreading.trained import probability
from briefd_server.engines.extractive.sentence_options import SentenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from briefd_build.corpora.documents import Document
    from briefd_build.proofreading.examples import Judged
    from briefd_server.engines.extractive.candidates import Candidate
    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.engine import ExtractiveEngine
    from briefd_server.engines.extractive.proofreading.trained import Network
    from briefd_server.engines.extractive.reading import SentenceReading

LENGTH = Length(DEFAULT_MIN_WORD_COUNT, DEFAULT_MAX_WORD_COUNT)
CONFIDENT = 0.9
"""The confidence from which on an output counts as sure."""


@dataclass(frozen=True)
class Outputs:
    """One output for each of n sentences, and all c candidates of them together.

    Attributes:
        word_counts: [n], of the sentences.
        before: [n, 2], of what the chooser prefers: whether there is no fault at all, and no needed word cut.
        sound: [n, 2], likewise, of what it prefers with the proof-reader.
        possible: [n, 2], whether any candidate is.
        log_odds: [n], that no needed word is cut by the output, as the network tells them.
        confidence: [n], 0 to 1.
        candidate_log_odds: [c, 2], of both, for every candidate.
        candidate_sound: [c, 2].
    """

    word_counts: NDArray[np.int64]
    before: NDArray[np.bool_]
    sound: NDArray[np.bool_]
    possible: NDArray[np.bool_]
    log_odds: NDArray[np.float64]
    confidence: NDArray[np.float64]
    candidate_log_odds: NDArray[np.float64]
    candidate_sound: NDArray[np.bool_]

    @classmethod
    def join(cls, parts: Iterable[Outputs]) -> Outputs:
        """Join the outputs for different sentences."""
        each = list(parts)
        return cls(*(np.concatenate([getattr(part, name) for part in each]) for name in cls.__dataclass_fields__))

    def calibrated(self, calibration: tuple[float, float]) -> Outputs:
        """Give the outputs with other confidences."""
        slope, offset = calibration
        return replace(self, confidence=probability(slope * self.log_odds + offset))

    def figures(self) -> dict[str, float]:
        """Tell what the proof-reader is worth: shares of outputs, 0 to 1, and areas under curves."""
        is_sure = self.confidence >= CONFIDENT
        auc_good, auc_needed = map(_auc, self.candidate_log_odds.T, self.candidate_sound.T)
        return {
            "sentences": len(self.sound),
            **_shares("before", self.before),
            **_shares("after", self.sound),
            **_shares("best possible", self.possible),
            "AUC of good candidates": auc_good,
            "AUC of candidates without a needed word cut": auc_needed,
            "AUC of outputs without a needed word cut": _auc(self.log_odds, self.sound[:, 1]),
            f"outputs of a confidence of {CONFIDENT} or more": float(is_sure.mean()),
            "of them without a needed word cut": float(self.sound[is_sure, 1].mean()) if is_sure.any() else 0.0,
            "calibration error": calibration_error(self.confidence, self.sound[:, 1]),
        }


def _auc(log_odds: NDArray[np.float64], sound: NDArray[np.bool_]) -> float:
    """Measure the area under the curve; not a number where all or none are sound."""
    return float("nan") if sound.all() or not sound.any() else fractional_auc(log_odds, sound.astype(np.float64))


def _shares(when: str, sound: NDArray[np.bool_]) -> dict[str, float]:
    any_fault, needed = (1 - sound.mean(axis=0)).tolist()
    return {f"any fault, {when}": any_fault, f"needed word cut, {when}": needed}


def chooser_candidates(
    engine: ExtractiveEngine,
    costs: Costs,
    documents: Sequence[Document],
    least_words: int,
    report: Callable[[float], None],
) -> list[Judged]:
    """Judge what the chooser offers, at the default length, of sentences of at least so many words."""

    def candidates(reading: SentenceReading) -> list[Candidate]:
        return SentenceOptions(reading, costs, LENGTH.most).candidates(LENGTH)

    return list(judged_sentences(engine, documents, least_words, candidates, report))


def outputs_of(network: Network, judged: Sequence[Judged]) -> Outputs:
    """Have a network read the candidates of sentences, one sentence at least."""
    odds = [network.log_odds(each.features).astype(np.float64) for each in judged]
    first = [int(each.totals.argmax()) for each in judged]
    picked = [int(worth(each.totals, probability(own[:, 0])).argmax()) for each, own in zip(judged, odds, strict=True)]
    log_odds = np.array([own[place, 1] for own, place in zip(odds, picked, strict=True)])
    return Outputs(
        np.array([each.word_count for each in judged]),
        np.array([each.sound[place] for each, place in zip(judged, first, strict=True)]),
        np.array([each.sound[place] for each, place in zip(judged, picked, strict=True)]),
        np.array([each.sound.any(axis=0) for each in judged]),
        log_odds,
        probability(log_odds),
        np.concatenate(odds),
        np.concatenate([each.sound for each in judged]),
    ).calibrated(network.calibration)
