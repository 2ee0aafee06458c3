"""From the encoder's outputs to readings: one tree a sentence, whichever windows its words were in."""

from __future__ import annotations

import numpy as np
import pytest

from briefd_server.engines.extractive.parsing import Labels, read_sentences
from briefd_server.engines.extractive.pieces import Window
from briefd_server.engines.extractive.session import WindowReading

LABELS = Labels(("det", "nsubj", "obj", "root"), ("DET", "NOUN", "VERB"))
RANK = 2


def window_of(sentences: list[int]) -> Window:
    count = len(sentences)
    return Window(np.arange(count + 2), np.arange(1, count + 1), np.array(sentences, dtype=np.int64))


def say(arcs: list[tuple[int, int, str, str]], keep: float = 0.0) -> WindowReading:
    """Say of every word its head in the window (itself: the root), the relation to it, the tag."""
    count = len(arcs)
    arc_scores = np.zeros((count, count), dtype=np.float32)
    channels = len(LABELS.relations) + 1
    dependents = np.zeros((count, channels, RANK), dtype=np.float32)
    tag_scores = np.zeros((count, len(LABELS.tags)), dtype=np.float32)
    for word, (head, relation, tag) in enumerate(arcs):
        arc_scores[word, head] = 5.0
        dependents[word, LABELS.relations.index(relation)] = 1.0
        dependents[word, -1] = keep / RANK
        tag_scores[word, LABELS.tags.index(tag)] = 1.0
    heads = np.ones_like(dependents)
    salience = np.arange(count, dtype=np.float32)
    return WindowReading(arc_scores, dependents, heads, tag_scores, salience, -salience)


PUMP = [(1, "det", "DET"), (2, "nsubj", "NOUN"), (2, "root", "VERB")]


def test_reads_the_sentences_of_a_window() -> None:
    arcs = [*PUMP, (3, "root", "VERB"), (3, "obj", "NOUN")]
    words = [["The", "pump", "fell"], ["Call", "Tom"]]
    first, second = read_sentences([(window_of([0, 0, 0, 1, 1]), say(arcs, keep=2.5))], words, LABELS)
    assert (first.words, first.heads) == (words[0], [1, 2, 2])
    assert (first.relations, first.tags) == (["det", "nsubj", "root"], ["DET", "NOUN", "VERB"])
    assert (second.heads, second.relations) == ([0, 0], ["root", "obj"])
    assert second.salience.tolist() == [3.0, 4.0]
    assert second.keep.tolist() == [2.5, 2.5]
    assert (first.prominence, second.prominence) == (-1.0, -3.5)


def test_no_arc_leaves_a_sentence() -> None:
    arcs = [*PUMP, (1, "obj", "NOUN"), (1, "obj", "NOUN")]  # both words of the second sentence want a head in the first
    _, second = read_sentences([(window_of([0, 0, 0, 1, 1]), say(arcs))], [["a"] * 3, ["b"] * 2], LABELS)
    assert sorted(second.heads) in ([0, 0], [1, 1])


def test_the_root_alone_is_called_so() -> None:
    arcs = [(1, "root", "NOUN"), (1, "obj", "VERB")]
    (reading,) = read_sentences([(window_of([0, 0]), say(arcs))], [["a", "b"]], LABELS)
    assert reading.relations[1] == "root"
    assert reading.relations[0] != "root"


def test_the_relation_is_the_one_to_the_chosen_head() -> None:
    reading = say([(0, "root", "VERB"), (0, "obj", "NOUN")])
    reading.relation_heads[0, LABELS.relations.index("obj")] = -1.0  # not to this head
    reading.relation_dependents[1, LABELS.relations.index("nsubj")] = 0.5
    (read,) = read_sentences([(window_of([0, 0]), reading)], [["a", "b"]], LABELS)
    assert read.relations == ["root", "nsubj"]


@pytest.mark.parametrize("parts", [2, 3])
def test_a_sentence_of_several_windows_becomes_one_tree(parts: int) -> None:
    windows = [(window_of([0, 1, 1, 1]), say([(0, "root", "NOUN"), *[(h + 1, r, t) for h, r, t in PUMP]]))]
    windows += [(window_of([1, 1, 1]), say(PUMP))] * (parts - 1)
    words = [["Pumps"], ["the", "pump", "fell"] * parts]
    first, joined = read_sentences(windows, words, LABELS)
    assert first.heads == [0]
    assert joined.heads[:5] == [1, 2, 2, 4, 5]
    assert [word for word, head in enumerate(joined.heads) if word == head] == [2]
    assert joined.relations == ["det", "nsubj", "root", *["det", "nsubj", "parataxis"] * (parts - 1)]
    assert [joined.heads[3 * part + 2] for part in range(parts)] == [2] * parts
    assert len(joined.salience) == len(joined.keep) == len(joined.tags) == 3 * parts


def test_a_reading_tells_its_own_arcs() -> None:
    said = say([*PUMP, (3, "root", "VERB"), (3, "obj", "NOUN")])
    windows, words = [(window_of([0, 0, 0, 1, 1]), said)], [["The", "pump", "fell"], ["Call", "Tom"]]
    _, second = read_sentences(windows, words, LABELS, [said].__getitem__)
    assert second.find_arcs is not None
    arcs = second.find_arcs()
    best = [arcs.probabilities * (arcs.dependents == word) for word in range(2)]
    assert [int(arcs.heads[each.argmax()]) for each in best] == second.heads
    relations = [LABELS.relations[arcs.relations[each.argmax()].argmax()] for each in best]
    assert relations == second.relations
    assert all(reading.find_arcs is None for reading in read_sentences(windows, words, LABELS))


def test_arcs_of_a_sentence_of_several_windows_stay_within_their_windows() -> None:
    windows = [(window_of([0, 0, 0]), say(PUMP))] * 3
    (joined,) = read_sentences(windows, [["the", "pump", "fell"] * 3], LABELS, lambda number: windows[number][1])
    assert joined.find_arcs is not None
    arcs = joined.find_arcs()
    assert sorted(set(arcs.dependents.tolist())) == list(range(9))
    is_within = arcs.dependents // 3 == arcs.heads // 3
    root = joined.heads.index(2, 2)
    assert (is_within | (arcs.heads == root)).all()
    assert not (arcs.dependents == arcs.heads)[arcs.dependents > 2].any()


def test_no_more_than_a_few_windows_are_read_again_for_one_sentence() -> None:
    asked: list[int] = []

    def again(number: int) -> WindowReading:
        asked.append(number)
        return say(PUMP)

    windows = [(window_of([0, 0, 0]), say(PUMP))] * 30
    (joined,) = read_sentences(windows, [["the", "pump", "fell"] * 30], LABELS, again)
    assert joined.find_arcs is not None
    arcs = joined.find_arcs()
    assert asked == [0, 1, 2, 3]
    late = arcs.dependents >= 12
    assert arcs.heads[late].tolist() == joined.heads[12:]
    assert (arcs.probabilities[late] == 1).all()
