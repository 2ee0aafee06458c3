"""What a sentence states: the words that may become the root of a summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.assertions import find_entries, links
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.rules import Rules


def entries(annotated: str) -> dict[str, str]:
    """Find the words that may become the root, with their rows."""
    reading = read_annotated(annotated)
    return {reading.words[word]: row for word, row in find_entries(Rules(reading)).items()}


REPORT = "Police/1/nsubj/NOUN {}/1/root/VERB that/4/mark/SCONJ pumps/4/nsubj/NOUN failed/1/ccomp/VERB"


@pytest.mark.parametrize("verb", ["said", "announced", "shows", "reported", "Confirmed"])
def test_what_is_reported_may_stand_alone(verb: str) -> None:
    assert entries(REPORT.format(verb)) == {verb: "root", "failed": "reported"}


@pytest.mark.parametrize("verb", ["doubted", "denied", "hoped", "claimed", "believe", "pretended"])
def test_what_nobody_vouches_for_may_not(verb: str) -> None:
    assert entries(REPORT.format(verb)) == {verb: "root"}


@pytest.mark.parametrize("before", ["never/3/advmod/ADV", "didn't/3/aux/AUX", "may/3/aux/AUX", "wouldn’t/3/aux/AUX"])
def test_what_was_not_said_may_not_stand_alone(before: str) -> None:
    denial = f"The/1/det/DET police/3/nsubj/NOUN {before} say/3/root/VERB pumps/5/nsubj/NOUN failed/3/ccomp/VERB"
    assert entries(denial) == {"say": "root"}


@pytest.mark.parametrize("adverb", ["falsely", "allegedly", "jokingly"])
def test_what_was_said_wrongly_or_uncertainly_may_not_stand_alone(adverb: str) -> None:
    report = f"Police/2/nsubj/NOUN {adverb}/2/advmod/ADV said/2/root/VERB pumps/4/nsubj/NOUN failed/2/ccomp/VERB"
    assert entries(report) == {"said": "root"}
    assert entries(report.replace(adverb, "yesterday")) == {"said": "root", "failed": "reported"}


@pytest.mark.parametrize("frame", ["lied", "wrong", "untrue"])
def test_nothing_below_a_denying_frame_may_stand_alone(frame: str) -> None:
    lied = (
        f"He/1/nsubj/PRON {frame}/1/root/VERB when/4/mark/SCONJ he/4/nsubj/PRON said/1/advcl/VERB pumps/6/nsubj/NOUN "
        "failed/4/ccomp/VERB"
    )
    assert entries(lied) == {frame: "root"}
    beside = (
        f"It/2/nsubj/PRON is/2/cop/AUX {frame}/2/root/ADJ that/5/mark/SCONJ pumps/5/nsubj/NOUN fail/2/ccomp/VERB "
        "and/8/cc/CCONJ wells/8/nsubj/NOUN dry/5/conj/VERB"
    )
    assert entries(beside) == {frame: "root"}


@pytest.mark.parametrize(
    ("annotated", "expected"),
    [
        (  # under a doubt
            "Few/1/nsubj/ADJ think/1/root/VERB we/3/nsubj/PRON said/1/ccomp/VERB it/5/nsubj/PRON broke/3/ccomp/VERB",
            {"think": "root"},
        ),
        (  # under a condition
            "Leave/0/root/VERB if/3/mark/SCONJ police/3/nsubj/NOUN say/0/advcl/VERB it/5/nsubj/PRON broke/3/ccomp/VERB",
            {"Leave": "root"},
        ),
        (  # under a wish
            "Police/1/nsubj/NOUN want/1/root/VERB to/3/mark/PART say/1/xcomp/VERB it/5/nsubj/PRON broke/3/ccomp/VERB",
            {"want": "root"},
        ),
        (  # reported twice over
            "Ann/1/nsubj/PROPN says/1/root/VERB we/3/nsubj/PRON said/1/ccomp/VERB it/5/nsubj/PRON broke/3/ccomp/VERB",
            {"says": "root", "said": "reported", "broke": "reported"},
        ),
    ],
)
def test_only_what_the_text_itself_vouches_for_may_stand_alone(annotated: str, expected: dict[str, str]) -> None:
    assert entries(annotated) == expected


CLAUSES = (
    "Rain/1/nsubj/NOUN fell/1/root/VERB wind/3/nsubj/NOUN blew/1/parataxis/VERB {}/6/{} trees/6/nsubj/NOUN "
    "broke/1/conj/VERB"
)


def test_clauses_side_by_side_may_each_stand_alone() -> None:
    expected = {"fell": "root", "blew": "parataxis", "broke": "conj"}
    assert entries(CLAUSES.format("and", "cc/CCONJ")) == expected


@pytest.mark.parametrize("link", ["or/cc/CCONJ", "otherwise/advmod/ADV"])
def test_an_alternative_holds_only_where_the_other_does_not(link: str) -> None:
    word, _, arc = link.partition("/")
    assert entries(CLAUSES.format(word, arc)) == {"fell": "root", "blew": "parataxis"}


def test_a_clause_without_a_subject_may_not_stand_alone() -> None:
    assert entries("Rain/1/nsubj/NOUN fell/1/root/VERB and/3/cc/CCONJ froze/1/conj/VERB") == {"fell": "root"}


def test_an_attribution_is_no_summary() -> None:
    grew = "It/1/nsubj/PRON grew/1/root/VERB data/3/nsubj/NOUN {}/1/parataxis/VERB on/5/case/ADP Friday/3/obl/PROPN"
    assert entries(grew.format("showed")) == {"grew": "root"}
    assert entries(grew.format("vanished")) == {"grew": "root", "vanished": "parataxis"}


def test_a_clause_inside_what_may_not_stand_alone_may_not_either() -> None:
    doubt = REPORT.format("doubted") + " and/7/cc/CCONJ wells/7/nsubj/NOUN dried/4/conj/VERB"
    assert entries(doubt) == {"doubted": "root"}


def test_links_to_what_stands_before() -> None:
    assert links(Rules(read_annotated(REPORT.format("said"))), 4) == [2]
    leaks = "It/1/nsubj/PRON leaks/1/root/VERB so/4/advmod/ADV it/4/nsubj/PRON stops/1/parataxis/VERB"
    assert links(Rules(read_annotated(leaks)), 4) == [2]


def test_the_preposition_of_a_predicate_does_not_go() -> None:
    dinner = "Hello/0/root/INTJ dinner/4/nsubj/NOUN is/4/cop/AUX at/4/case/ADP seven/0/parataxis/NUM"
    assert links(Rules(read_annotated(dinner)), 4) == []


@given(readings())
def test_every_entry_has_a_row_and_the_root_is_one(reading: SentenceReading) -> None:
    found = find_entries(Rules(reading))
    assert set(found.values()) <= set(Costs().entries)
    assert [word for word, row in found.items() if row == "root"] == [
        word for word, head in enumerate(reading.heads) if head == word
    ]
