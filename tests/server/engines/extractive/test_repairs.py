"""Attachments that grammar settles: ranges keep both ends, and a tree stays a tree."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.repairs import attach_ranges

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


def test_a_clause_that_only_follows_a_between_stays_where_it_is() -> None:
    talked = read_annotated(
        "We/1/nsubj/PRON met/1/root/VERB and/6/cc/CCONJ between/4/case/ADP meetings/6/obl/NOUN we/6/nsubj/PRON "
        "talked/1/conj/VERB"
    )
    assert attach_ranges(talked).heads == talked.heads


@settings(max_examples=300)
@given(readings(10), st.data())
def test_a_tree_stays_a_tree(reading: SentenceReading, data: st.DataObject) -> None:
    count = len(reading)
    words = data.draw(st.lists(st.sampled_from(["between", "x"]), min_size=count, max_size=count))
    relations = data.draw(st.lists(st.sampled_from(["conj", "case"]), min_size=count, max_size=count))
    heads = attach_ranges(replace(reading, words=words, relations=relations)).heads
    (root,) = (word for word, head in enumerate(reading.heads) if head == word)
    for start in range(count):
        word = start
        for _ in range(count):
            word = heads[word]
        assert word == root
