"""Labels: a sentence without its first words is a tree still."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.labels import without_label
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.sentence_options import SentenceOptions

RESOLVED = read_annotated(
    "RESOLVED/0/root/VERB the/2/det/DET pump/3/nsubj/NOUN stopped/0/parataxis/VERB again/3/advmod/ADV"
)


@given(readings().filter(lambda reading: len(reading) > 1), st.data())
def test_a_tree_stays_a_tree(reading: SentenceReading, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, len(reading) - 1))
    rest = without_label(reading, count)
    assert rest.words == reading.words[count:]
    assert rest.tags == reading.tags[count:]
    np.testing.assert_array_equal(rest.salience, reading.salience[count:])
    roots = [word for word, head in enumerate(rest.heads) if head == word]
    assert [rest.relations[root] for root in roots] == ["root"]
    for start in range(len(rest)):
        word = start
        for _ in range(len(rest)):
            word = rest.heads[word]
        assert word == roots[0]


def test_what_hung_on_the_label_takes_its_place() -> None:
    rest = without_label(RESOLVED, 1)
    assert rest.heads == [1, 2, 2, 2]
    assert rest.relations == ["det", "nsubj", "root", "advmod"]


def test_what_hung_on_a_label_beside_the_root_hangs_on_the_root() -> None:
    note = read_annotated("Note/3/nsubj/NOUN old/0/amod/ADJ pumps/3/obj/NOUN stopped/3/root/VERB")
    rest = without_label(note, 1)
    assert rest.heads == [2, 2, 2]
    assert rest.relations == ["parataxis", "obj", "root"]


def test_marks_move_along() -> None:
    marked = SentenceReading(
        RESOLVED.words,
        RESOLVED.heads,
        RESOLVED.relations,
        RESOLVED.tags,
        RESOLVED.salience,
        RESOLVED.keep,
        0.0,
        {1: ":", 4: ","},
    )
    assert without_label(marked, 1).separators == {3: ","}
    assert without_label(marked, 0) is marked


def test_a_label_is_kept_whole_and_counts() -> None:
    options = SentenceOptions(RESOLVED, Costs(), 4, label_words=1)
    assert len(options) == 5
    assert options.words(4) == [0, 1, 2, 3]
    assert all(each.words[0] == 0 for each in options.candidates(Length(2, 4)))
    assert all(2 <= len(each.words) <= 4 for each in options.candidates(Length(2, 4)))
