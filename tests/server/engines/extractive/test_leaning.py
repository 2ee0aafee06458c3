"""Whether a sentence leans on what stands before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.leaning import leans
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.roles import read_roles

ROLES = read_roles("en")


@pytest.mark.parametrize(
    "annotated",
    [
        "Only/1/advmod/ADV two/4/nsubj/NUM of/3/case/ADP them/1/nmod/PRON fell/4/root/VERB",
        "Check/0/root/VERB its/2/nmod:poss/PRON date/0/obj/NOUN",
        "This/1/nsubj/PRON cost/1/root/VERB jobs/1/obj/NOUN",
        "Staff/1/nsubj/NOUN called/1/root/VERB it/1/obj/PRON wrong/1/xcomp/ADJ",
    ],
)
def test_a_pronoun_without_its_noun_leans(annotated: str) -> None:
    assert leans(read_annotated(annotated))


@pytest.mark.parametrize(
    "annotated",
    [
        "Two/1/nummod/NUM walls/2/nsubj/NOUN fell/2/root/VERB",
        "It/1/expl/PRON rains/1/root/VERB",
        "This/1/det/DET wall/2/nsubj/NOUN fell/2/root/VERB",
        "The/1/det/DET wall/2/nsubj/NOUN fell/2/root/VERB when/5/mark/SCONJ it/5/nsubj/PRON rained/2/advcl/VERB",
    ],
)
def test_a_sentence_that_names_its_things_does_not(annotated: str) -> None:
    assert not leans(read_annotated(annotated))


@given(readings())
def test_it_is_told_of_any_tree(reading: SentenceReading) -> None:
    anaphors = any(word.lower() in ROLES.anaphors for word in reading.words)
    assert not leans(reading) or anaphors
