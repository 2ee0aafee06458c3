"""Attachments that grammar settles, and that a tree stays a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.repairs import moved, repair
from briefd_server.engines.extractive.repairs.clauses import hang_after_relative_clauses, hang_after_stops, hang_clauses
from briefd_server.engines.extractive.repairs.conditions import (
    hang_condition_phrases,
    hang_focus,
    hang_focus_of_clauses,
    hang_inverted,
)
from briefd_server.engines.extractive.repairs.links import hang_conjunctions, hang_places, hang_prepositions
from briefd_server.engines.extractive.repairs.moves import Move
from briefd_server.engines.extractive.repairs.names import join_dates, join_numbers, join_ranges, join_thresholds
from briefd_server.engines.extractive.repairs.reports import (
    end_with_report,
    hang_contents,
    hang_fronted,
    report_fronted,
    share_subjects,
)
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_tree import SentenceTree

ROLES = read_roles("en")


def made(find_moves: Callable[[SentenceTree], Iterable[Move]], reading: SentenceReading) -> SentenceReading:
    """Make one repair."""
    return moved(reading, find_moves(SentenceTree(reading, ROLES)))


_RELATIONS = ["conj", "case", "cc", "ccomp", "compound", "flat", "mark", "obl", "parataxis", "advcl", "nsubj", "xcomp"]
FERRY = (
    "The/1/det/DET ferry/2/nsubj/NOUN runs/2/root/VERB between/4/case/ADP Ellery/2/obl/PROPN and/7/cc/CCONJ "
    "the/7/det/DET islands/{}/conj/NOUN"
)


def test_the_second_end_of_a_range_hangs_on_its_first() -> None:
    for parsed in (1, 2, 4):
        assert made(join_ranges, read_annotated(FERRY.format(parsed))).heads == [1, 2, 2, 4, 2, 7, 7, 4]


def test_a_name_that_was_read_as_two_phrases_is_the_first_end() -> None:
    ferry = read_annotated(
        "The/1/det/DET ferry/7/nsubj/NOUN between/3/case/ADP Port/1/nmod/NOUN Ellery/1/nmod/PROPN and/6/cc/CCONJ "
        "islands/4/conj/NOUN runs/7/root/VERB"
    )
    repaired = made(join_ranges, ferry)
    assert repaired.heads == [1, 7, 3, 1, 3, 6, 3, 7]
    assert repaired.relations[4] == "flat"


def test_the_second_end_of_a_range_hangs_on_the_name_and_not_on_its_last_part() -> None:
    ferry = read_annotated(
        "Ferries/7/nsubj/NOUN between/2/case/ADP Port/0/nmod/PROPN Ellery/2/flat/PROPN and/6/cc/CCONJ the/6/det/DET "
        "islands/3/conj/NOUN run/7/root/VERB"
    )
    assert made(join_ranges, ferry).heads == [7, 2, 0, 2, 6, 6, 2, 7]


def test_a_clause_that_only_follows_a_between_stays_where_it_is() -> None:
    talked = read_annotated(
        "We/1/nsubj/PRON met/1/root/VERB and/6/cc/CCONJ between/4/case/ADP meetings/6/obl/NOUN we/6/nsubj/PRON "
        "talked/1/conj/VERB"
    )
    assert made(join_ranges, talked).heads == talked.heads


def test_a_threshold_hangs_on_the_noun_before_it() -> None:
    deaths = (
        "It/1/nsubj/PRON cut/1/root/VERB deaths/1/obj/NOUN among/4/case/ADP people/1/obl/NOUN {}/6/advmod/ADV "
        "80/1/obl/NUM"
    )
    assert made(join_thresholds, read_annotated(deaths.format("over"))).heads == [1, 1, 1, 4, 1, 6, 4]
    assert made(join_thresholds, read_annotated(deaths.format("at"))).heads[6] == 1


def test_a_threshold_stays_above_a_noun_that_hangs_on_it() -> None:
    people = "It/1/nsubj/PRON cut/1/root/VERB people/4/compound/NOUN over/4/case/ADP 80/1/obl/NUM"
    assert made(join_thresholds, read_annotated(people)).heads == [1, 1, 4, 4, 1]


@pytest.mark.parametrize("clause", ["before/5/mark/SCONJ fainting/3/advcl/VERB", "smiling/5/x/ADJ citing/3/advcl/VERB"])
def test_what_a_speaker_does_is_no_part_of_what_is_said(clause: str) -> None:
    fine = "He/1/nsubj/PRON recovered/1/root/VERB she/3/nsubj/PRON said/1/parataxis/VERB "
    assert made(hang_clauses, read_annotated(fine + clause)).heads[5] == 3
    assert made(hang_clauses, read_annotated(fine + "because/5/mark/SCONJ resting/3/advcl/VERB")).heads[5] == 1


def test_a_condition_is_not_torn_from_its_clause() -> None:
    think = "It/1/nsubj/PRON stops/1/root/VERB if/4/mark/SCONJ think/1/parataxis/VERB leaking/1/advcl/VERB"
    assert made(hang_clauses, read_annotated(think)).heads == [1, 1, 4, 1, 1]


def test_what_follows_an_attribution_hangs_on_what_it_vouches_for() -> None:
    grew = read_annotated(
        "It/1/nsubj/PRON grew/1/root/VERB data/3/nsubj/NOUN showed/1/parataxis/VERB adding/3/advcl/VERB "
        "pressure/4/obj/NOUN"
    )
    assert made(hang_clauses, grew).heads == [1, 1, 3, 1, 1, 4]


DUST = (
    "I/1/nsubj/PRON found/1/root/VERB dust/1/obj/NOUN {} it/5/nsubj/PRON needs/1/parataxis/VERB care/5/obj/NOUN "
    "before/9/mark/SCONJ it/9/nsubj/PRON starts/1/advcl/VERB"
)


def test_a_clause_hangs_on_the_nearest_before_it() -> None:
    assert made(hang_clauses, read_annotated(DUST.format("so/5/advmod/ADV"))).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 5]


def test_a_clause_that_another_stands_in_hangs_on_that_one() -> None:
    torn = DUST.format("so/9/advmod/ADV").replace("it/5/nsubj/PRON needs", "pumps/5/compound/NOUN needs")
    assert made(hang_clauses, read_annotated(torn)).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 5]


def test_a_clause_without_another_beside_it_stays() -> None:
    alone = DUST.format("so/5/advmod/ADV").replace("parataxis", "xcomp")
    assert made(hang_clauses, read_annotated(alone)).heads == [1, 1, 1, 5, 5, 1, 5, 9, 9, 1]


def arcs(reading: SentenceReading) -> dict[str, tuple[str, str, str]]:
    """Head, relation and tag of every word, by the word."""
    return {
        word: (reading.words[reading.heads[position]], reading.relations[position], reading.tags[position])
        for position, word in enumerate(reading.words)
    }


def test_a_month_that_was_read_as_an_auxiliary_is_a_date() -> None:
    guests = "Guests/5/nsubj/NOUN since/2/case/ADP 3/5/obl/NUM {}/5/aux/AUX must/5/aux/AUX register/5/root/VERB"
    repaired = arcs(made(join_dates, read_annotated(guests.format("May"))))
    assert repaired["May"] == ("register", "obl", "PROPN")
    assert repaired["3"] == ("May", "nummod", "NUM")
    assert repaired["since"] == ("May", "case", "ADP")
    for other in ("may", "Will"):
        reading = read_annotated(guests.format(other))
        assert made(join_dates, reading) == reading


def test_a_date_that_was_read_as_a_subject_is_a_time() -> None:
    starts = read_annotated("It/1/nsubj/PRON starts/1/root/VERB March/1/aux/AUX 3/1/obj/NUM")
    repaired = arcs(made(join_dates, starts))
    assert (repaired["March"], repaired["3"]) == (("starts", "obl", "PROPN"), ("March", "nummod", "NUM"))


def test_a_may_that_begins_a_sentence_asks() -> None:
    ask = read_annotated("May/2/aux/AUX 3/2/nsubj/NUM enter/2/root/VERB")
    assert made(join_dates, ask) == ask


TRUE = (
    "It/3/nsubj/PRON is/3/cop/AUX not/3/advmod/PART true/9/ccomp/ADJ that/7/mark/SCONJ the/6/det/DET bank/7/nsubj/NOUN "
    "failed/9/ccomp/VERB he/9/nsubj/PRON said/9/root/VERB"
)


def test_a_clause_with_that_hangs_on_the_word_before_it() -> None:
    reading = read_annotated(TRUE)
    assert arcs(made(hang_contents, reading))["failed"] == ("true", "ccomp", "VERB")
    assert made(hang_contents, replace(reading, separators={4: ","})).heads == reading.heads
    without_that = read_annotated(TRUE.replace("that/7/mark", "once/7/advmod"))
    assert made(hang_contents, without_that).heads == without_that.heads


def test_of_two_subjects_the_first_is_that_of_what_is_reported() -> None:
    vote = (
        "Members/{}/nsubj/NOUN lose/5/ccomp/VERB votes/1/obj/NOUN the/4/det/DET statutes/5/nsubj/NOUN say/5/root/VERB"
    )
    repaired = made(share_subjects, read_annotated(vote.format(5)))
    assert repaired.heads == [1, 5, 1, 4, 5, 5]
    assert made(share_subjects, read_annotated(vote.format(1))).heads == [1, 5, 1, 4, 5, 5]


def test_a_lone_subject_stays_with_its_verb() -> None:
    votes = read_annotated("Members/3/nsubj/NOUN lost/3/ccomp/VERB votes/1/obj/NOUN say/3/root/VERB")
    assert made(share_subjects, votes).heads == votes.heads


CLOSED = "{}/3/{} road/3/nsubj/NOUN is/3/aux/AUX closed/6/advcl/VERB the/5/det/DET city/6/nsubj/NOUN {}/6/root/VERB"


def test_a_clause_before_a_closing_report_is_what_is_reported() -> None:
    closed = replace(read_annotated(CLOSED.format("The", "det/DET", "decided")), separators={4: ","})
    assert made(report_fronted, closed).relations[3] == "ccomp"
    assert made(report_fronted, replace(closed, separators={})).relations[3] == "advcl"


@pytest.mark.parametrize(
    ("opening", "verb"),
    [(("When", "mark/SCONJ"), "decided"), (("Had", "aux/AUX"), "decided"), (("The", "det/DET"), "slept")],
)
def test_a_circumstance_is_not_what_is_reported(opening: tuple[str, str], verb: str) -> None:
    closed = replace(read_annotated(CLOSED.format(*opening, verb)), separators={4: ","})
    assert made(report_fronted, closed).relations[3] == "advcl"


BROKE = "It/1/nsubj/PRON broke/1/root/VERB a/3/det/DET survey/1/obj/NOUN by/6/case/ADP unions/6/compound/NOUN {}"


def test_a_report_at_the_end_that_was_read_as_a_noun_is_a_verb() -> None:
    broke = replace(read_annotated(BROKE.format("shows/3/nmod/NOUN")), separators={2: ","})
    repaired = made(end_with_report, broke)
    assert repaired.heads == [1, 1, 3, 6, 5, 3, 1]
    assert repaired.relations[3:] == ["nsubj", "case", "nmod", "parataxis"]
    assert repaired.tags[6] == "VERB"


def test_a_last_noun_that_is_no_report_stays_one() -> None:
    broke = read_annotated(BROKE.format("shops/3/nmod/NOUN"))
    assert made(end_with_report, replace(broke, separators={2: ","})).heads == broke.heads
    shows = read_annotated(BROKE.format("shows/3/nmod/NOUN"))
    assert made(end_with_report, shows).heads == shows.heads


FULL = (
    "At/2/case/ADP no/2/det/DET time/7/obl/NOUN was/5/cop/AUX it/5/nsubj/PRON full/7/ccomp/ADJ he/7/nsubj/PRON "
    "said/7/root/VERB on/9/case/ADP Friday/7/obl/PROPN"
)


def test_of_two_subjects_of_a_closing_report_the_first_is_that_of_the_clause_before() -> None:
    cars = read_annotated(
        "Cars/5/nsubj/NOUN are/2/aux/AUX banned/5/advcl/VERB the/4/det/DET city/5/nsubj/NOUN decided/5/root/VERB"
    )
    repaired = made(report_fronted, replace(cars, separators={3: ","}))
    assert (repaired.relations[2], repaired.heads[0]) == ("ccomp", 2)


WAVE = (
    "Were/4/cop/AUX the/2/det/DET dam/10/nsubj/NOUN at/4/case/ADP Tull/2/nmod/PROPN to/6/mark/PART break/2/acl/VERB "
    "the/8/det/DET wave/10/nsubj/NOUN would/10/aux/AUX reach/10/root/VERB us/10/obj/PRON"
)


def test_a_condition_by_word_order_hangs_on_its_clause() -> None:
    repaired = made(hang_inverted, replace(read_annotated(WAVE), separators={7: ","}))
    assert (repaired.heads[6], repaired.relations[6]) == (10, "advcl")
    assert (repaired.heads[0], repaired.relations[0]) == (6, "aux")
    assert (repaired.heads[2], repaired.relations[2]) == (6, "nsubj")


def test_a_question_and_a_clause_without_a_comma_are_no_condition_by_word_order() -> None:
    assert made(hang_inverted, read_annotated(WAVE)).heads == read_annotated(WAVE).heads
    asked = read_annotated(
        "Were/1/cop/AUX open/1/root/ADJ the/3/det/DET doors/1/nsubj/NOUN or/5/cc/CCONJ shut/1/conj/ADJ"
    )
    assert made(hang_inverted, replace(asked, separators={4: ","})).heads == asked.heads


def test_an_only_before_a_comma_hangs_on_what_it_follows() -> None:
    opened = read_annotated(
        "It/1/nsubj/PRON opens/1/root/VERB on/3/case/ADP Mondays/1/obl/PROPN only/6/advmod/ADV from/6/case/ADP "
        "nine/1/obl/NUM"
    )
    assert made(hang_focus, replace(opened, separators={5: ","})).heads[4] == 3
    assert made(hang_focus, opened).heads[4] == 6


def test_an_only_before_a_clause_hangs_on_it() -> None:
    helped = read_annotated(
        "It/1/nsubj/PRON helps/1/root/VERB only/5/advmod/ADV when/6/advmod/ADV two/6/nsubj/NUM metres/6/obl/NOUN "
        "apart/1/advcl/ADV"
    )
    assert made(hang_focus_of_clauses, helped).heads[2] == 6


def test_a_number_or_a_letter_hangs_on_the_noun_before_it() -> None:
    pupils = read_annotated("Pupils/4/nsubj/NOUN in/2/case/ADP years/0/nmod/NOUN 7/0/appos/NUM stay/4/root/VERB")
    assert made(join_numbers, pupils).heads[3] == 2
    valve = read_annotated("Open/0/root/VERB valve/0/obj/NOUN C./0/discourse/X")
    assert made(join_numbers, valve).heads[2] == 1
    assert made(join_numbers, replace(valve, separators={2: ","})).heads[2] == 0


def test_what_follows_a_relative_clause_hangs_on_its_verb() -> None:
    users = read_annotated(
        "Users/6/nsubj/NOUN who/2/nsubj/PRON paid/0/acl:relcl/VERB since/4/case/ADP May/0/nmod/PROPN will/6/aux/AUX "
        "stay/6/root/VERB"
    )
    assert made(hang_after_relative_clauses, users).heads[4] == 2
    assert made(hang_after_relative_clauses, replace(users, separators={3: ","})).heads[4] == 0


def test_the_parts_of_a_condition_phrase_hang_on_the_clause_that_it_introduces() -> None:
    cat = read_annotated(
        "Keep/0/root/VERB it/0/obj/PRON so/3/advmod/ADV long/0/advmod/ADV as/6/mark/SCONJ none/6/nsubj/PRON "
        "complains/0/advcl/VERB"
    )
    repaired = made(hang_condition_phrases, cat)
    assert [repaired.heads[word] for word in (2, 3, 4)] == [6, 6, 6]


def test_what_stands_before_what_is_reported_belongs_to_it() -> None:
    assert made(hang_fronted, read_annotated(FULL)).heads == [2, 2, 5, 5, 5, 7, 7, 7, 9, 7]


def test_of_two_reported_clauses_each_gets_what_stands_before_it() -> None:
    two = read_annotated(
        "Often/6/advmod/ADV it/2/nsubj/PRON fell/6/ccomp/VERB never/6/advmod/ADV it/5/nsubj/PRON rose/6/ccomp/VERB "
        "reported/6/root/VERB"
    )
    assert made(hang_fronted, two).heads == [2, 2, 6, 5, 5, 6, 6]


def test_a_conjunction_hangs_on_the_conjunct_that_it_opens() -> None:
    level = read_annotated(
        "above/1/case/ADP mark/1/root/NOUN but/3/cc/CCONJ 30/4/nummod/NUM cm/1/conj/NOUN below/4/advmod/ADV"
    )
    assert made(hang_conjunctions, level).heads == [1, 1, 4, 4, 1, 4]
    opening = read_annotated("But/1/cc/CCONJ 30/2/nummod/NUM cm/2/root/NOUN")
    assert made(hang_conjunctions, opening).heads == opening.heads


def test_a_preposition_hangs_on_what_follows_it() -> None:
    share = read_annotated("61%/0/root/NUM compared/0/acl/VERB with/1/case/ADP the/4/det/DET quota/1/obl/NOUN")
    assert made(hang_prepositions, share).heads == [0, 0, 4, 4, 1]
    assert made(hang_prepositions, replace(share, separators={3: ","})).heads == share.heads
    left_over = read_annotated("They/1/nsubj/PRON count/1/root/VERB on/1/case/ADP")
    assert made(hang_prepositions, left_over).heads == left_over.heads


def test_a_preposition_does_not_hang_on_the_ago_after_its_figure() -> None:
    share = read_annotated(
        "It/1/nsubj/PRON rose/1/root/VERB with/0/case/ADP 74%/5/nummod/NUM four/5/nummod/NUM years/6/obl:unmarked/NOUN "
        "ago/1/advmod/ADV"
    )
    assert made(hang_prepositions, share).heads[2] == 5


BELOW = "Villages/3/nsubj/NOUN {}/0/advmod/ADV it/0/nmod/PRON flooded/3/root/VERB"


def test_an_adverb_before_a_bare_pronoun_is_its_preposition() -> None:
    below = made(hang_places, read_annotated(BELOW.format("below")))
    assert (below.heads[1], below.relations[1], below.tags[1]) == (2, "case", "ADP")
    assert made(hang_places, read_annotated(BELOW.format("often"))).heads[1] == 0


def test_what_follows_a_semicolon_is_no_part_of_the_attribution_before_it() -> None:
    holds = read_annotated(
        "It/1/nsubj/PRON holds/1/root/VERB he/3/nsubj/PRON said/1/parataxis/VERB it/6/nsubj/PRON is/6/cop/AUX "
        "full/3/parataxis/ADJ"
    )
    assert made(hang_after_stops, replace(holds, separators={4: ";"})).heads[6] == 1
    assert made(hang_after_stops, replace(holds, separators={4: ","})).heads[6] == 3


def test_a_move_that_would_close_a_circle_is_left_out() -> None:
    rain = read_annotated("Rain/1/nsubj/NOUN fell/1/root/VERB and/3/cc/CCONJ froze/1/conj/VERB")
    assert moved(rain, [Move(3, 2), Move(1, 0), Move(0, 3, "obj", "X")]).heads == [3, 1, 3, 1]
    assert arcs(moved(rain, [Move(0, 3, "obj", "X")]))["Rain"] == ("froze", "obj", "X")


@settings(max_examples=300)
@given(readings(10), st.data())
def test_a_tree_stays_a_tree(reading: SentenceReading, data: st.DataObject) -> None:
    count = len(reading)

    def draw(values: list[str]) -> list[str]:
        return data.draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))

    words, relations = draw(["between", "over", "80", "said", "if", "May", "that", "x"]), draw(_RELATIONS)
    heads = repair(
        replace(reading, words=words, relations=relations, tags=draw(["ADP", "AUX", "NOUN", "NUM", "VERB"]))
    ).heads
    (root,) = (word for word, head in enumerate(reading.heads) if head == word)
    for start in range(count):
        word = start
        for _ in range(count):
            word = heads[word]
        assert word == root
