"""Why words were kept: every word of a chosen sentence is told once, with what became of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.base import Polarity, Span, WordChoice
from briefd_server.engines.extractive.chooser import Judgement, choose
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.explaining import explain
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.reading import SentenceReading

lengths = st.tuples(st.integers(1, 12), st.integers(0, 8)).map(lambda pair: Length(pair[0], sum(pair)))


def spans_of(reading: SentenceReading) -> list[Span]:
    """Let the words stand one blank apart."""
    spans, start = [], 0
    for word in reading.words:
        spans.append(Span(start, start + len(word)))
        start += len(word) + 1
    return spans


def explained(reading: SentenceReading, length: Length, label_words: int = 0) -> list[WordChoice]:
    offer = Offer(reading, is_aside=False, is_question=False, label_words=label_words)
    (part,) = choose([offer], length, Judgement(Costs())).parts
    return list(explain(part, spans_of(reading)))


@given(readings(), lengths, st.integers(0, 3))
def test_every_word_is_told_once_with_what_became_of_it(
    reading: SentenceReading, length: Length, label_words: int
) -> None:
    offer = Offer(reading, is_aside=False, is_question=False, label_words=label_words)
    (part,) = choose([offer], length, Judgement(Costs())).parts
    spans = spans_of(reading)
    told = list(explain(part, spans))
    assert [each.span for each in told] == spans
    assert [position for position, each in enumerate(told) if each.is_kept] == part.words
    assert all(each.serves is None or each.serves in spans for each in told)
    assert all(each.rule for each in told)


def test_the_rules_are_named() -> None:
    pump = read_annotated(
        "The/1/det/DET pump/3/nsubj/NOUN never/3/advmod/ADV stopped/3/root/VERB at/5/case/ADP noon/3/obl/NOUN "
        "however/3/advmod/ADV"
    )
    told = {pump.words[position]: each for position, each in enumerate(explained(pump, Length(6, 6)))}
    assert {word: each.rule for word, each in told.items()} == {
        "The": "needed",
        "pump": "needed",
        "never": "negation",
        "stopped": "statement",
        "at": "needed",
        "noon": told["noon"].rule,
        "however": "price:advmod",
    }
    assert told["noon"].polarity is Polarity.DOWN
    assert [word for word, each in told.items() if not each.is_kept] == ["however"]
    assert told["never"].serves == told["stopped"].span
    assert told["stopped"].serves is None


def test_a_label_explains_itself() -> None:
    resolved = read_annotated("RESOLVED/0/root/VERB pumps/2/nsubj/NOUN stopped/0/parataxis/VERB again/2/advmod/ADV")
    told = explained(resolved, Length(3, 4), label_words=1)
    assert (told[0].rule, told[0].is_kept) == ("label", True)
    assert told[2].rule == "statement"
    assert told[1].serves == told[2].span


def test_what_hangs_on_a_dropped_word_goes_with_it() -> None:
    noon = read_annotated(
        "Pumps/1/nsubj/NOUN stopped/1/root/VERB again/1/advmod/ADV at/5/case/ADP the/5/det/DET gate/1/obl/NOUN"
    )
    told = explained(noon, Length(2, 3))
    assert {each.rule for each in told[3:5]} == {"goes-with-its-head"}
    assert all(each.serves == told[5].span for each in told[3:5])
