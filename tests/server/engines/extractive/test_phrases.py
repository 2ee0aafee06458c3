"""Expressions of several words, found where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.phrases import Phrases
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_tree import SentenceTree

ROLES = read_roles("en")


def phrases_of(reading: SentenceReading) -> Phrases:
    return Phrases(SentenceTree(reading, ROLES))


def test_the_words_of_an_expression_know_each_other_whatever_their_case() -> None:
    phrases = phrases_of(
        read_annotated("No/1/advmod/ADV longer/2/advmod/ADV open/2/root/ADJ to/4/case/ADP all/2/obl/PRON")
    )
    assert phrases.mates(0) == phrases.mates(1) == {0, 1}
    assert phrases.mates(2) == frozenset()
    assert phrases.negative == {0, 1}


def test_words_apart_are_no_expression() -> None:
    phrases = phrases_of(read_annotated("No/1/det/DET road/3/nsubj/NOUN is/3/cop/AUX longer/3/root/ADJ"))
    assert phrases.negative == set()
    assert not any(phrases.mates(word) for word in range(4))


def test_expressions_that_overlap_are_all_found() -> None:
    phrases = phrases_of(
        read_annotated("in/1/case/ADP case/4/obl/NOUN of/3/case/ADP fire/1/nmod/NOUN leave/4/root/VERB")
    )
    assert phrases.mates(1) == {0, 1, 2}
    assert phrases.has_conditions


@pytest.mark.parametrize(
    ("annotated", "conditions"),
    [
        ("Leave/0/root/VERB in/2/case/ADP case/0/obl/NOUN of/4/case/ADP fire/2/nmod/NOUN", {"case", "fire"}),
        ("Leave/0/root/VERB only/4/advmod/ADV if/4/mark/SCONJ it/4/nsubj/PRON rings/0/advcl/VERB", {"rings"}),
        ("Leave/0/root/VERB when/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB", set()),
    ],
)
def test_what_an_expression_of_condition_leads_is_a_condition(annotated: str, conditions: set[str]) -> None:
    reading = read_annotated(annotated)
    phrases = phrases_of(reading)
    inner = {"NOUN", "VERB"}
    found = {word for position, word in enumerate(reading.words) if phrases.is_condition(position)}
    assert {word for word in found if reading.tags[list(reading.words).index(word)] in inner} == conditions


def test_a_source_is_what_an_expression_of_sources_leads() -> None:
    reading = read_annotated(
        "It/1/nsubj/PRON fell/1/root/VERB according/4/case/VERB to/2/fixed/ADP police/1/obl/NOUN on/6/case/ADP "
        "Friday/1/obl/PROPN"
    )
    phrases = phrases_of(reading)
    assert (phrases.is_source(4), phrases.is_source(6), phrases.is_source(1)) == (True, False, False)


@given(readings())
def test_an_expression_holds_each_of_its_words(reading: SentenceReading) -> None:
    phrases = phrases_of(reading)
    for word in range(len(reading)):
        assert not phrases.mates(word) or word in phrases.mates(word)
        assert phrases.mates(word) <= set(range(len(reading)))
        assert phrases.has_conditions or not phrases.is_condition(word)
