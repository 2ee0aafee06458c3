"""What is left out of the choice because its bound is too low would not have been chosen."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.chooser import Judgement, choose
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.prospects import Prospects, most_total
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.sentence_options import SentenceOptions

COSTS = Costs()
offers = st.lists(
    st.builds(
        Offer,
        readings(),
        st.booleans(),
        st.booleans(),
        label_words=st.integers(0, 2),
        leads=st.booleans(),
        leans=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)
lengths = st.tuples(st.integers(1, 20), st.integers(0, 15)).map(lambda pair: Length(pair[0], sum(pair)))


@given(readings(), st.integers(1, 30), st.integers(0, 3))
def test_no_words_are_worth_more_than_the_bound(reading: SentenceReading, most: int, label_words: int) -> None:
    options = SentenceOptions(reading, COSTS, most, label_words)
    assert max(options.totals) <= most_total(reading, COSTS, most) + 1e-6


@given(offers, lengths, st.floats(-1, 1))
def test_the_bounds_change_no_choice(given_offers: list[Offer], length: Length, share: float) -> None:
    def standing(each: list[Offer]) -> Prospects:
        return Prospects([offer.reading.prominence for offer in each], share, -5.0, 40.0)

    judgement = Judgement(COSTS, standing)
    bounded = choose(given_offers, length, judgement)
    with patch.object(Prospects, "at_most", return_value=float("inf")):
        exhaustive = choose(given_offers, length, judgement)
    assert [(part.number, part.words) for part in bounded.parts] == [
        (part.number, part.words) for part in exhaustive.parts
    ]


def test_a_sentence_that_cannot_win_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []

    class Watched(SentenceOptions):
        def __init__(self, reading: SentenceReading, *others: object, **named: object) -> None:
            looked_at.append(reading.words[0])
            super().__init__(reading, *others, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("briefd_server.engines.extractive.text_options.SentenceOptions", Watched)
    rest = " fail/1/root/VERB again/1/advmod/ADV"
    sentences = [read_annotated(f"{name}/1/nsubj/NOUN{rest}", 0.0, odds) for name, odds in (("Ads", -9), ("Pumps", 9))]
    (part,) = choose([Offer(each, False, False) for each in sentences], Length(2, 3), Judgement(COSTS)).parts
    assert part.number == 1
    assert looked_at == ["Pumps"]
