"""Attachments that grammar settles, and that a tree stays a tree."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.repairs import (
    attach_clauses,
    attach_figures,
    attach_ranges,
    repair,
)

_RELATIONS = ["conj", "case", "compound", "flat", "obl", "parataxis", "advcl", "nsubj", "xcomp"]
FERRY = (
    "The/1/det/DET ferry/2/nsubj/NOUN runs/2/root/VERB between/4/case/ADP Ellery/2/obl/PROPN and/7/cc/CCONJ "
    "the/7/det/DET islands/{}/conj/NOUN"
)


def test_the_second_end_of_a_range_hangs_on_its_first() -> None:
    for parsed in (1, 2, 4):
        assert attach_ranges(read_annotated(FERRY.format(parsed))).heads == [1, 2, 2, 4, 2, 7, 7, 4]


def test_a_name_that_was_read_as_two_phrases_is_the_first_end() -> None:
    ferry = read_annotated(
        "The/1/det/DET ferry/7/nsubj/NOUN between/3/case/ADP Port/1/nmod/NOUN Ellery/1/nmod/PROPN and/6/cc/CCONJ "
        "islands/4/conj/NOUN runs/7/root/VERB"
    )
    repaired = attach_ranges(ferry)
    assert repaired.heads == [1, 7, 3, 1, 3, 6, 3, 7]
    assert repaired.relations[4] == "flat"


def test_the_second_end_of_a_range_hangs_on_the_name_and_not_on_its_last_part() -> None:
    ferry = read_annotated(
        "Ferries/7/nsubj/NOUN between/2/case/ADP Port/0/nmod/PROPN Ellery/2/flat/PROPN and/6/cc/CCONJ the/6/det/DET "
        "islands/3/conj/NOUN run/7/root/VERB"
    )
    assert attach_ranges(ferry).heads == [7, 2, 0, 2, 6, 6, 2, 7]


def test_a_clause_that_only_follows_a_between_stays_where_it_is() -> None:
    talked = read_annotated(
        "We/1/nsubj/PRON met/1/root/VERB and/6/cc/CCONJ between/4/case/ADP meetings/6/obl/NOUN we/6/nsubj/PRON "
        "talked/1/conj/VERB"
    )
    assert attach_ranges(talked).heads == talked.heads


def test_a_threshold_hangs_on_the_noun_before_it() -> None:
    deaths = (
        "It/1/nsubj/PRON cut/1/root/VERB deaths/1/obj/NOUN among/4/case/ADP people/1/obl/NOUN {}/6/advmod/ADV "
        "80/1/obl/NUM"
    )
    assert attach_figures(read_annotated(deaths.format("over"))).heads == [1, 1, 1, 4, 1, 6, 4]
    assert attach_figures(read_annotated(deaths.format("at"))).heads[6] == 1


def test_a_threshold_stays_above_a_noun_that_hangs_on_it() -> None:
    people = "It/1/nsubj/PRON cut/1/root/VERB people/4/compound/NOUN over/4/case/ADP 80/1/obl/NUM"
    assert attach_figures(read_annotated(people)).heads == [1, 1, 4, 4, 1]


@pytest.mark.parametrize("clause", ["before/5/mark/SCONJ fainting/3/advcl/VERB", "smiling/5/x/ADJ citing/3/advcl/VERB"])
def test_what_a_speaker_does_is_no_part_of_what_is_said(clause: str) -> None:
    fine = "He/1/nsubj/PRON recovered/1/root/VERB she/3/nsubj/PRON said/1/parataxis/VERB "
    assert attach_clauses(read_annotated(fine + clause)).heads[5] == 3
    assert attach_clauses(read_annotated(fine + "because/5/mark/SCONJ resting/3/advcl/VERB")).heads[5] == 1


def test_a_condition_is_not_torn_from_its_clause() -> None:
    think = "It/1/nsubj/PRON stops/1/root/VERB if/4/mark/SCONJ think/1/parataxis/VERB leaking/1/advcl/VERB"
    assert attach_clauses(read_annotated(think)).heads == [1, 1, 4, 1, 1]


def test_what_follows_an_attribution_hangs_on_what_it_vouches_for() -> None:
    grew = read_annotated(
        "It/1/nsubj/PRON grew/1/root/VERB data/3/nsubj/NOUN showed/1/parataxis/VERB adding/3/advcl/VERB "
        "pressure/4/obj/NOUN"
    )
    assert attach_clauses(grew).heads == [1, 1, 3, 1, 1, 4]


DUST = (
    "I/1/nsubj/PRON found/1/root/VERB dust/1/obj/NOUN {} it/5/nsubj/PRON needs/1/parataxis/VERB care/5/obj/NOUN "
    "before/9/mark/SCONJ it/9/nsubj/PRON starts/1/advcl/VERB"
)


def test_a_clause_hangs_on_the_nearest_before_it() -> None:
    assert attach_clauses(read_annotated(DUST.format("so/5/advmod/ADV"))).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 5]


def test_a_clause_that_another_stands_in_hangs_on_that_one() -> None:
    torn = DUST.format("so/9/advmod/ADV").replace("it/5/nsubj/PRON needs", "pumps/5/compound/NOUN needs")
    assert attach_clauses(read_annotated(torn)).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 5]


def test_a_clause_without_another_beside_it_stays() -> None:
    alone = DUST.format("so/5/advmod/ADV").replace("parataxis", "xcomp")
    assert attach_clauses(read_annotated(alone)).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 1]


@settings(max_examples=300)
@given(readings(10), st.data())
def test_a_tree_stays_a_tree(reading: SentenceReading, data: st.DataObject) -> None:
    count = len(reading)

    def draw(values: list[str]) -> list[str]:
        return data.draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))

    words, relations = draw(["between", "over", "80", "said", "if", "x"]), draw(_RELATIONS)
    heads = repair(replace(reading, words=words, relations=relations, tags=draw(["NOUN", "NUM", "VERB"]))).heads
    (root,) = (word for word, head in enumerate(reading.heads) if head == word)
    for start in range(count):
        word = start
        for _ in range(count):
            word = heads[word]
        assert word == root
