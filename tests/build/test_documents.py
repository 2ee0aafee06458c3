"""Documents with human summaries, and the labels that those give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tiny_corpus import json_lines, write_gzipped

from briefd_build.corpora.compressions import align, kept_arcs
from briefd_build.corpora.documents import Document, read_abstracts, read_posts, stem, word_salience

if TYPE_CHECKING:
    from pathlib import Path


def test_salience_is_the_share_of_references_that_hold_the_stem() -> None:
    words = ["Pumps", "failed", "the", "tank"]
    assert word_salience(words, ["A pump fails.", "The pump"]) == [1.0, 0.5, 0.5, 0.0]


def test_stems_ignore_case_and_inflection() -> None:
    assert stem("Pumping") == stem("pumps") == stem("PUMP")


def test_reads_abstracts(tmp_path: Path) -> None:
    record = {"source": ["We build a pump.", "—", "It is cheap."], "target": ["A cheap pump.", "Pump."]}
    write_gzipped(tmp_path / "a.gz", json_lines([record]))
    (document,) = read_abstracts(tmp_path / "a.gz")
    assert document.sentences == ("We build a pump.", "It is cheap.")
    assert document.references == ("A cheap pump.", "Pump.")
    # "a", "pump" of three and "pump" of one; "cheap" of three.
    assert document.prominence == (1.0, pytest.approx((1 / 3) / (2 / 3 + 1)))


def test_reads_posts_with_and_without_summary(tmp_path: Path) -> None:
    records = [
        {"title": "Pumps", "summary": "", "text": "Pumps fail. Tanks leak.\nNobody knows."},
        {"title": "Tanks", "summary": "Tanks leak.", "text": "Nobody knows."},
    ]
    write_gzipped(tmp_path / "p.gz", json_lines(records))
    first, second = read_posts(tmp_path / "p.gz")
    assert first.sentences == ("Pumps fail.", "Tanks leak.", "Nobody knows.")
    assert (first.references, first.prominence) == (("Pumps",), (1.0, 0.0, 0.0))
    assert (second.references, second.prominence) == (("Tanks", "Tanks leak."), ())


def test_a_post_without_a_sentence_is_left_out(tmp_path: Path) -> None:
    write_gzipped(tmp_path / "p.gz", json_lines([{"title": "Pumps", "summary": "", "text": "—\n…"}]))
    assert read_posts(tmp_path / "p.gz") == []


SENTENCE = "The old pump in the cellar of the station stopped working yesterday evening."
HEADS = (2, 2, 9, 5, 5, 2, 8, 8, 5, 9, 9, 12, 9)


def test_a_summary_is_laid_beside_the_sentence_that_it_draws_on() -> None:
    document = Document(("It rained.", SENTENCE), ("The pump stopped at the station.", "Nothing of the kind.", "Pump"))
    (aligned,) = align([document])
    assert aligned.text == SENTENCE
    assert aligned.shared == {stem("pump"), stem("stopped"), stem("station")}
    assert aligned.tree is None


def test_nothing_is_aligned_without_summaries() -> None:
    assert list(align([Document((SENTENCE,), ())])) == []


def test_an_arc_is_kept_when_content_below_it_is_shared() -> None:
    words = SENTENCE.rstrip(".").split()
    tags = ["DET", "ADJ", "NOUN", "ADP", "DET", "NOUN", "ADP", "DET", "NOUN", "VERB", "VERB", "NOUN", "NOUN"]
    arcs = dict(kept_arcs(words, HEADS, tags, frozenset({stem("cellar"), stem("stopped")})))
    # The pump stays for the cellar's sake; function words and what hangs on dropped words tell nothing.
    assert arcs == {2: True, 10: False, 12: False, 1: False, 5: True, 8: False}
    assert kept_arcs(words[:3], (2, 2, 2), tags[:3], frozenset({stem("pump")})) == []
