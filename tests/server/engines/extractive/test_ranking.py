"""The choice among one sentence's candidates, and its place in the choice of words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.candidates import Candidate
from briefd_server.engines.extractive.chooser import Choice, Judgement, choose
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.proofreading import NoProofReader, ProofReader, Verdicts
from briefd_server.engines.extractive.proofreading.ranking import pick
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.sentence_options import SentenceOptions

COSTS = Costs()
PUMP = read_annotated(
    "The/1/det/DET pump/2/nsubj/NOUN stopped/2/root/VERB at/4/case/ADP noon/2/obl/NOUN near/7/case/ADP the/7/det/DET "
    "gate/2/obl/NOUN again/2/advmod/ADV"
)


class Lover:
    """Finds candidates good that keep a word."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.most_rows = 0

    def read(self, reading: SentenceReading, kept: np.ndarray) -> Verdicts:
        self.most_rows = max(self.most_rows, len(kept))
        good = np.where(kept[:, list(reading.words).index(self._word)], 0.99, 1e-6)
        return Verdicts(good, np.full(len(kept), 0.75))


def read_by(reader: ProofReader, offers: list[Offer], length: Length) -> Choice:
    return choose(offers, length, Judgement(COSTS, proof_reader=reader))


lengths = st.tuples(st.integers(1, 20), st.integers(0, 15)).map(lambda pair: Length(pair[0], sum(pair)))


@given(readings(), lengths)
def test_candidates_have_the_length_and_the_best_one_is_the_chooser_s(reading: SentenceReading, length: Length) -> None:
    options = SentenceOptions(reading, COSTS, length.most)
    candidates = options.candidates(length)
    assert all(length.least <= len(each.words) <= length.most for each in candidates)
    assert len({tuple(each.words) for each in candidates}) == len(candidates)
    if len(reading) >= length.least:
        best = max(options.totals[length.least :])
        np.testing.assert_allclose(max(each.total for each in candidates), best, rtol=1e-9, atol=1e-9)


@given(readings(), st.permutations(range(3)))
def test_the_order_of_candidates_does_not_matter(reading: SentenceReading, order: list[int]) -> None:
    candidates = [Candidate(1.0, [0]), Candidate(1.0, [len(reading) - 1]), Candidate(0.0, list(range(len(reading))))]
    picked = [pick(reading, [candidates[i] for i in each], NoProofReader()) for each in (range(3), order)]
    assert picked[0] == picked[1]
    assert picked[0].words == [0]


@pytest.mark.parametrize(("word", "most"), [("noon", 6), ("gate", 8), ("again", 6)])
def test_what_is_good_is_preferred(word: str, most: int) -> None:
    reader = Lover(word)
    choice = read_by(reader, [Offer(PUMP, False, False)], Length(5, most))
    (part,) = choice.parts
    assert part.number == 0
    assert word in [PUMP.words[place] for place in part.words]
    assert (choice.confidence, reader.most_rows > 1) == (0.75, True)


def test_sentences_are_never_ranked_by_it() -> None:
    """The first of two like sentences is taken although the second one alone has the word that is loved."""
    other = read_annotated(
        "The/1/det/DET pump/2/nsubj/NOUN stopped/2/root/VERB at/4/case/ADP six/2/obl/NOUN near/7/case/ADP "
        "the/7/det/DET door/2/obl/NOUN again/2/advmod/ADV"
    )

    class OfNoon(Lover):
        def read(self, reading: SentenceReading, kept: np.ndarray) -> Verdicts:
            good = 0.99 if self._word in reading.words else 1e-6
            return Verdicts(np.full(len(kept), good), np.ones(len(kept)))

    offers = [Offer(other, False, False), Offer(PUMP, False, False)]
    assert read_by(OfNoon("noon"), offers, Length(5, 6)).parts[0].number == 0


def test_a_joined_summary_is_as_sure_as_all_of_its_sentences() -> None:
    offers = [Offer(PUMP, False, False)] * 2
    choice = read_by(Lover("again"), offers, Length(12, 14))
    assert [part.number for part in choice.parts] == [0, 1]
    assert 12 <= sum(len(part.words) for part in choice.parts) <= 14
    assert choice.confidence == pytest.approx(0.75**2)


def test_nobody_knows_without_a_proof_reader() -> None:
    choice = read_by(NoProofReader(), [Offer(PUMP, False, False)], Length(5, 6))
    assert choice.confidence is None
    (part,) = choice.parts
    assert part.words == part.options.words(len(part.words))
