"""What may be dropped: the class of every arc, and the words that may become the root."""

from __future__ import annotations

import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.grammar import BENDING, BREAKING, DENYING, WIDENING, Grammar, chain_conjuncts
from briefd_server.engines.extractive.reading import SentenceReading


def classes(annotated: str) -> dict[str, str]:
    """Class of the arc of every word but the root."""
    reading = read_annotated(annotated)
    grammar = Grammar(reading)
    return {reading.words[word]: grammar.arc_class(word) for word, head in enumerate(reading.heads) if head != word}


@pytest.mark.parametrize("word", ["not", "never", "hardly", "Isn't", "isn’t", "No"])
@pytest.mark.parametrize("arc", ["advmod/PART", "det/DET", "case/ADP"])
def test_without_a_negation_the_opposite_is_said(word: str, arc: str) -> None:
    pump = f"The/1/det/DET pump/4/nsubj/NOUN did/4/aux/AUX {word}/4/{arc} stop/4/root/VERB"
    assert classes(pump)[word] == DENYING


@pytest.mark.parametrize("word", ["if", "unless", "until", "except"])
def test_a_condition_bends_the_meaning(word: str) -> None:
    alarm = f"Leave/0/root/VERB {word}/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB"
    assert classes(alarm)["rings"] == BENDING


def test_any_other_clause_of_circumstance_may_go() -> None:
    assert classes("Leave/0/root/VERB while/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB")["rings"] == "advcl"


@pytest.mark.parametrize("relation", ["obl", "obl:unmarked", "advcl"])
def test_what_a_negation_reaches_may_not_be_left_out(relation: str) -> None:
    come = "They/2/nsubj/PRON {}/2/aux/AUX come/2/root/VERB before/4/case/ADP Thursday/2/" + relation + "/PROPN"
    assert classes(come.format("cannot"))["Thursday"] == WIDENING
    assert classes(come.format("will"))["Thursday"] != WIDENING


def test_a_negation_reaches_through_verbs_and_objects() -> None:
    back = "Do/2/aux/AUX not/2/advmod/PART expect/2/root/VERB it/4/nsubj/PRON back/2/xcomp/ADV Friday/4/obl/PROPN"
    assert classes(back)["Friday"] == WIDENING
    give = "Never/1/advmod/ADV treat/1/root/VERB patients/1/obj/NOUN with/4/case/ADP asthma/2/nmod/NOUN"
    assert classes(give)["asthma"] == WIDENING
    assert classes(give.replace("Never", "Always"))["asthma"] == "nmod"
    proof = "No/1/det/DET sign/4/nsubj:pass/NOUN of/3/case/ADP water/1/nmod/NOUN appeared/4/root/VERB"
    assert classes(proof)["water"] == WIDENING


def test_a_concession_is_beyond_the_reach_of_a_negation() -> None:
    leak = "Pumps/2/nsubj/NOUN never/2/advmod/ADV leak/2/root/VERB {}/5/mark/SCONJ they/5/nsubj/PRON age/2/advcl/VERB"
    assert classes(leak.format("although"))["age"] == "advcl"
    assert classes(leak.format("when"))["age"] == classes(leak.format("while"))["age"] == WIDENING


def test_a_qualified_figure_belongs_to_its_noun() -> None:
    people = "people/0/root/NOUN {}/2/advmod/ADV 80/0/nmod/NUM"
    assert classes(people.format("over"))["80"] == BENDING
    assert classes(people.format("like"))["80"] == "nmod"


def test_a_measure_belongs_to_its_adjective() -> None:
    disk = "The/1/det/DET disk/4/nsubj/NOUN is/4/cop/AUX {}/4/obl:unmarked/{} full/4/root/ADJ"
    assert classes(disk.format("93%", "NUM"))["93%"] == BENDING
    assert classes(disk.format("today", "NOUN"))["today"] == "obl:unmarked"
    old = "It/4/nsubj/PRON is/4/cop/AUX three/3/nummod/NUM years/4/obl:unmarked/NOUN old/4/root/ADJ"
    assert classes(old)["years"] == BENDING


@pytest.mark.parametrize("adverb", ["twice", "initially", "Originally", "otherwise"])
def test_an_adverb_that_turns_the_sense_stays(adverb: str) -> None:
    run = "They/1/nsubj/PRON paid/1/root/VERB {}/1/advmod/ADV"
    assert classes(run.format(adverb))[adverb] == BENDING
    assert classes(run.format("slowly"))["slowly"] == "advmod"


@pytest.mark.parametrize("first", ["neither", "both", "either", "between"])
def test_of_two_that_are_announced_both_stay(first: str) -> None:
    pilots = "{}/1/cc:preconj/CCONJ pilots/4/nsubj/NOUN nor/3/cc/CCONJ guests/1/conj/NOUN flew/4/root/VERB"
    assert classes(pilots.format(first))["guests"] == BREAKING
    assert classes(pilots.format("the"))["guests"] == "conj"


@pytest.mark.parametrize("verb", ["expect", "predicted", "think", "showed"])
def test_who_says_it_is_no_statement(verb: str) -> None:
    reading = read_annotated(f"It/1/nsubj/PRON grew/1/root/VERB economists/3/nsubj/NOUN {verb}/1/parataxis/VERB")
    assert Grammar(reading).is_attribution(3)


def test_so_ties_a_clause_to_the_one_before() -> None:
    leaks = "It/1/nsubj/PRON leaks/1/root/VERB so/4/advmod/ADV it/4/nsubj/PRON stops/1/{}/VERB"
    assert classes(leaks.format("parataxis"))["so"] == BREAKING
    assert classes(leaks.format("xcomp"))["so"] != BREAKING
    assert Grammar(read_annotated(leaks.format("parataxis"))).links(4) == [2]
    for other in (
        "so/4/advmod/ADV did/4/aux/AUX oil/1/parataxis/NOUN",
        "it/4/nsubj/PRON so/4/advmod/ADV hot/1/conj/ADJ",
    ):
        assert classes(f"It/1/nsubj/PRON leaks/1/root/VERB {other}")["so"] != BREAKING


def test_hedges_and_non_subsective_adjectives_bend_the_meaning() -> None:
    thief = "The/2/det/DET alleged/2/amod/ADJ thief/5/nsubj/NOUN has/5/aux/AUX reportedly/5/advmod/ADV fled/5/root/VERB"
    assert classes(thief)["alleged"] == classes(thief)["reportedly"] == BENDING
    assert classes(thief.replace("alleged", "young"))["young"] == "amod"
    assert classes(thief.replace("reportedly", "quickly"))["quickly"] == "advmod"


def test_a_question_word_and_a_degree_belong_to_what_they_stand_with() -> None:
    assert classes("asked/0/root/VERB why/2/advmod/ADV stopped/0/ccomp/VERB")["why"] == BREAKING
    assert classes("as/1/advmod/ADV hot/1/root/ADJ")["as"] != "advmod"


def test_a_partitive_needs_its_whole() -> None:
    bread = "A/1/det/DET {}/4/nsubj/NOUN of/3/case/ADP bread/1/nmod/NOUN fell/4/root/VERB"
    assert classes(bread.format("piece"))["bread"] == BREAKING
    assert classes(bread.format("van"))["bread"] == "nmod:of"


def test_a_comparison_needs_what_it_compares_with() -> None:
    assert classes("more/0/root/ADJ than/2/case/ADP ten/0/obl/NUM")["ten"] == BREAKING


def test_a_verb_needs_the_preposition_that_completes_it() -> None:
    pump = "It/1/nsubj/PRON depends/1/root/VERB {}/3/case/ADP pumps/1/obl/NOUN"
    assert classes(pump.format("on"))["pumps"] == BREAKING
    assert classes(pump.format("with"))["pumps"].startswith("obl")


def test_a_clause_with_to_has_a_class_of_its_own() -> None:
    assert classes("plan/0/root/NOUN to/2/mark/PART leave/0/acl/VERB")["leave"] == "acl:to"
    assert classes("left/0/root/VERB to/2/mark/PART win/0/advcl/VERB")["win"] == "advcl:to"


@pytest.mark.parametrize(
    ("annotated", "word", "expected"),
    [
        ("bay/0/root/NOUN 3/0/nummod/NUM", "3", BREAKING),
        ("3/1/nummod/NUM May/1/root/PROPN", "3", BREAKING),
        ("5/1/nummod/NUM sept./1/root/NOUN", "5", BREAKING),
        ("3/1/compound/NUM million/1/root/NUM", "3", BREAKING),
        ("3/1/nummod/NUM %/1/root/SYM", "3", BREAKING),
        ("Los/1/compound/PROPN Angeles/1/root/PROPN", "Los", BREAKING),
        ("Red/1/amod/PROPN Cross/1/root/PROPN", "Red", BREAKING),
        ("Sunday/1/compound/PROPN night/1/root/NOUN", "Sunday", BREAKING),
        ("city/1/compound/NOUN council/1/root/NOUN", "city", "compound"),
        ("Ada/0/root/PROPN Lovelace/0/flat/PROPN", "Lovelace", BREAKING),
    ],
)
def test_names_and_figures_stay_whole(annotated: str, word: str, expected: str) -> None:
    assert classes(annotated)[word] == expected


def test_a_count_is_part_of_what_is_said() -> None:
    assert classes("3/1/nummod/NUM bays/1/root/NOUN")["3"] in {BREAKING, BENDING}


def test_conjuncts_by_what_they_are() -> None:
    clauses = (
        "Rain/1/nsubj/NOUN fell/1/root/VERB and/4/cc/CCONJ wind/4/nsubj/NOUN blew/1/conj/VERB "
        "and/6/cc/CCONJ died/4/conj/VERB"
    )
    assert classes(clauses)["blew"] == "conj:clause"
    assert classes(clauses)["died"] == "conj:verb"
    assert classes("bread/0/root/NOUN and/2/cc/CCONJ salt/0/conj/NOUN")["salt"] == "conj"
    assert classes("bread/0/root/NOUN and/2/cc/CCONJ salt/0/conj/NOUN")["and"] == BREAKING
    assert classes("And/2/cc/CCONJ rain/2/nsubj/NOUN fell/2/root/VERB")["And"] == "cc"


def entries(annotated: str) -> dict[str, str]:
    reading = read_annotated(annotated)
    return {reading.words[word]: row for word, row in Grammar(reading).entries().items()}


REPORT = "Police/1/nsubj/NOUN {}/1/root/VERB that/4/mark/SCONJ pumps/4/nsubj/NOUN failed/1/ccomp/VERB"


@pytest.mark.parametrize("verb", ["said", "announced", "shows", "reported", "Confirmed"])
def test_what_is_reported_may_stand_alone(verb: str) -> None:
    assert entries(REPORT.format(verb)) == {verb: "root", "failed": "reported"}


@pytest.mark.parametrize("verb", ["doubted", "denied", "hoped"])
def test_what_nobody_vouches_for_may_not(verb: str) -> None:
    assert entries(REPORT.format(verb)) == {verb: "root"}


@pytest.mark.parametrize("before", ["never/3/advmod/ADV", "didn't/3/aux/AUX", "may/3/aux/AUX", "wouldn’t/3/aux/AUX"])
def test_what_was_not_said_may_not_stand_alone(before: str) -> None:
    denial = f"The/1/det/DET police/3/nsubj/NOUN {before} say/3/root/VERB pumps/5/nsubj/NOUN failed/3/ccomp/VERB"
    assert entries(denial) == {"say": "root"}


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
        (  # reported in passing
            "Police/1/nsubj/NOUN left/1/root/VERB saying/1/advcl/VERB it/4/nsubj/PRON broke/2/ccomp/VERB",
            {"left": "root", "broke": "reported"},
        ),
        (  # reported twice over
            "Ann/1/nsubj/PROPN says/1/root/VERB we/3/nsubj/PRON said/1/ccomp/VERB it/5/nsubj/PRON broke/3/ccomp/VERB",
            {"says": "root", "said": "reported", "broke": "reported"},
        ),
    ],
)
def test_only_what_the_text_itself_vouches_for_may_stand_alone(annotated: str, expected: dict[str, str]) -> None:
    assert entries(annotated) == expected


def test_a_clause_without_a_subject_may_not_stand_alone() -> None:
    assert entries("Rain/1/nsubj/NOUN fell/1/root/VERB and/3/cc/CCONJ froze/1/conj/VERB") == {"fell": "root"}


def test_clauses_side_by_side_may_each_stand_alone() -> None:
    clauses = (
        "Rain/1/nsubj/NOUN fell/1/root/VERB wind/3/nsubj/NOUN blew/1/parataxis/VERB and/6/cc/CCONJ "
        "trees/6/nsubj/NOUN broke/1/conj/VERB"
    )
    assert entries(clauses) == {"fell": "root", "blew": "parataxis", "broke": "conj"}


def test_an_attribution_is_no_summary() -> None:
    grew = "It/1/nsubj/PRON grew/1/root/VERB data/3/nsubj/NOUN {}/1/parataxis/VERB on/5/case/ADP Friday/3/obl/PROPN"
    assert entries(grew.format("showed")) == {"grew": "root"}
    assert entries(grew.format("vanished")) == {"grew": "root", "vanished": "parataxis"}


def test_a_clause_inside_what_may_not_stand_alone_may_not_either() -> None:
    doubt = REPORT.format("doubted") + " and/7/cc/CCONJ wells/7/nsubj/NOUN dried/4/conj/VERB"
    assert entries(doubt) == {"doubted": "root"}


def test_links_to_what_stands_before() -> None:
    reading = read_annotated(REPORT.format("said"))
    assert Grammar(reading).links(4) == [2]


def test_a_list_hangs_on_the_member_with_the_conjunction() -> None:
    bread = read_annotated("bread/0/root/NOUN salt/0/conj/NOUN oil/0/conj/NOUN and/4/cc/CCONJ wine/0/conj/NOUN")
    assert chain_conjuncts(bread) == [0, 4, 4, 4, 0]
    without_link = read_annotated("bread/0/root/NOUN salt/0/conj/NOUN oil/0/conj/NOUN")
    assert chain_conjuncts(without_link) == [0, 0, 0]


@given(readings())
def test_every_arc_has_a_class_and_every_class_a_cost(reading: SentenceReading) -> None:
    grammar, costs = Grammar(reading), Costs()
    for word, head in enumerate(reading.heads):
        if head != word and (row := grammar.arc_class(word)) not in {DENYING, BREAKING, BENDING, WIDENING}:
            assert row in costs.relations or row == reading.relations[word]
    assert set(grammar.entries().values()) <= set(costs.entries)
    chained = chain_conjuncts(reading)
    root = next(word for word, head in enumerate(reading.heads) if head == word)
    for start in range(len(chained)):
        word = start
        for _ in chained:
            word = chained[word]
        assert word == root
