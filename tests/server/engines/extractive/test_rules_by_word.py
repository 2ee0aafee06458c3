"""What rules say of words in frames: the same sentence with one word changed, kept with one and priced with another."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sentence_readings import read_annotated

from briefd_server.engines.extractive.rules import Rules
from briefd_server.engines.extractive.rules.grades import (
    BENDING,
    BREAKING,
    DENYING,
    EXTENDING,
    GENERALIZING,
    GRADES,
    LOOSENING,
    STRIPPING,
    WIDENING,
)

RESTRICTING = {EXTENDING, GENERALIZING, WIDENING, LOOSENING}


def prices(annotated: str) -> dict[str, str]:
    """Tell the grade, or the name of the price, of every word but the root."""
    reading = read_annotated(annotated)
    rules = Rules(reading)
    return {reading.words[word]: rules.ruling(word).price for word, head in enumerate(reading.heads) if head != word}


@pytest.mark.parametrize("word", ["not", "never", "hardly", "Isn't", "isn’t", "No"])
@pytest.mark.parametrize("arc", ["advmod/PART", "det/DET", "case/ADP"])
def test_without_a_negation_the_opposite_is_said(word: str, arc: str) -> None:
    assert prices(f"The/1/det/DET pump/4/nsubj/NOUN did/4/aux/AUX {word}/4/{arc} stop/4/root/VERB")[word] == DENYING


@pytest.mark.parametrize("word", ["if", "unless", "except"])
def test_a_condition_bends_the_meaning(word: str) -> None:
    alarm = f"Leave/0/root/VERB {word}/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB"
    assert prices(alarm)["rings"] == STRIPPING
    assert prices(alarm.replace(word, "because"))["rings"] == "advcl"


def test_even_if_tells_no_condition() -> None:
    alarm = "Leave/0/root/VERB {}/4/advmod/ADV if/4/mark/SCONJ it/4/nsubj/PRON rings/0/advcl/VERB"
    assert prices(alarm.format("only"))["rings"] == STRIPPING
    assert prices(alarm.format("even"))["rings"] == "advcl"


@pytest.mark.parametrize(("modal", "price"), [("may", "obl"), ("cannot", STRIPPING)])
def test_what_is_done_without_is_a_condition_where_it_is_denied(modal: str, price: str) -> None:
    swim = f"They/2/nsubj/PRON {modal}/2/aux/AUX swim/2/root/VERB without/4/case/ADP help/2/obl/NOUN"
    assert prices(swim)["help"].split(":")[0] == price


def test_the_end_of_a_ban_bends_the_meaning_and_that_of_a_rule_widens_it() -> None:
    leave = "Leave/0/root/VERB {}until/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB"
    assert prices(leave.format(""))["rings"] == GENERALIZING
    banned = "Never/1/advmod/ADV leave/1/root/VERB until/4/mark/SCONJ it/4/nsubj/PRON rings/1/advcl/VERB"
    assert prices(banned)["rings"] == STRIPPING


@pytest.mark.parametrize(("link", "grade"), [("above", STRIPPING), ("over", STRIPPING), ("at", WIDENING)])
def test_a_threshold_in_a_condition_bends_the_meaning(link: str, grade: str) -> None:
    flood = (
        "Leave/0/root/VERB if/3/mark/SCONJ it/3/nsubj/PRON rises/0/advcl/VERB "
        f"{link}/6/case/ADP 40/6/nummod/NUM cm/3/obl/NOUN"
    )
    assert prices(flood)["cm"] == grade


def test_an_only_focuses_nothing_beyond_a_comma() -> None:
    opened = read_annotated(
        "It/1/nsubj/PRON opens/1/root/VERB on/3/case/ADP Mondays/1/obl/PROPN only/3/advmod/ADV from/6/case/ADP "
        "nine/1/obl/NUM"
    )
    rules = Rules(replace(opened, separators={5: ","}))
    assert rules.ruling(3).rule == "focus"
    assert rules.ruling(6).rule != "focus"


@pytest.mark.parametrize("relation", ["obl", "obl:unmarked", "advcl"])
def test_what_a_negation_reaches_may_not_be_left_out(relation: str) -> None:
    come = "They/2/nsubj/PRON {}/2/aux/AUX come/2/root/VERB before/4/case/ADP Thursday/2/" + relation + "/PROPN"
    assert prices(come.format("cannot"))["Thursday"] in GRADES
    lamps = "They/2/nsubj/PRON {}/2/aux/AUX work/2/root/VERB near/4/case/ADP lamps/2/" + relation + "/NOUN"
    assert prices(lamps.format("cannot"))["lamps"] in RESTRICTING
    assert prices(lamps.format("will"))["lamps"] not in GRADES


def test_a_negation_reaches_through_verbs_and_objects() -> None:
    back = "Do/2/aux/AUX not/2/advmod/PART expect/2/root/VERB it/4/nsubj/PRON back/2/xcomp/ADV Friday/4/obl/PROPN"
    assert prices(back)["Friday"] in RESTRICTING
    give = "Never/1/advmod/ADV treat/1/root/VERB patients/1/obj/NOUN with/4/case/ADP asthma/2/nmod/NOUN"
    assert prices(give)["asthma"] in RESTRICTING
    assert prices(give.replace("Never", "Always"))["asthma"] not in GRADES
    proof = "No/1/det/DET road/4/nsubj:pass/NOUN of/3/case/ADP stone/1/nmod/NOUN appeared/4/root/VERB"
    assert prices(proof)["stone"] in RESTRICTING


@pytest.mark.parametrize("verb", ["cancelled", "announced"])
def test_what_is_said_of_all_may_not_be_said_of_more(verb: str) -> None:
    flights = f"They/1/nsubj/PRON {verb}/1/root/VERB all/3/det/DET flights/1/obj/NOUN to/5/case/ADP Cuba/3/nmod/PROPN"
    assert prices(flights)["Cuba"] in RESTRICTING


def test_a_concession_is_beyond_the_reach_of_a_negation() -> None:
    leak = "Pumps/2/nsubj/NOUN never/2/advmod/ADV leak/2/root/VERB {}/5/mark/SCONJ they/5/nsubj/PRON age/2/advcl/VERB"
    assert prices(leak.format("although"))["age"] == "advcl"
    assert prices(leak.format("when"))["age"] in GRADES
    assert prices(leak.format("while"))["age"] in GRADES


def test_a_qualified_figure_belongs_to_its_noun() -> None:
    people = "people/0/root/NOUN {}/2/advmod/ADV 80/0/nmod/NUM"
    assert prices(people.format("over"))["80"] == BENDING
    assert prices("people/0/root/NOUN like/2/case/ADP us/0/nmod/PRON")["us"] not in GRADES


def test_a_measure_belongs_to_its_adjective() -> None:
    disk = "The/1/det/DET disk/4/nsubj/NOUN is/4/cop/AUX {}/4/obl:unmarked/{} full/4/root/ADJ"
    assert prices(disk.format("93%", "NUM"))["93%"] == BENDING
    assert prices(disk.format("today", "NOUN"))["today"] not in GRADES
    old = "It/4/nsubj/PRON is/4/cop/AUX three/3/nummod/NUM years/4/obl:unmarked/NOUN old/4/root/ADJ"
    assert prices(old)["years"] == BENDING


@pytest.mark.parametrize("adverb", ["twice", "initially", "Originally", "otherwise", "nearly", "even", "reportedly"])
def test_an_adverb_that_turns_or_hedges_stays(adverb: str) -> None:
    run = "They/1/nsubj/PRON paid/1/root/VERB {}/1/advmod/ADV"
    assert prices(run.format(adverb))[adverb] == BENDING
    assert prices(run.format("slowly"))["slowly"] == "advmod"


@pytest.mark.parametrize("first", ["neither", "both", "either", "between", "whether"])
def test_of_two_that_are_announced_both_stay(first: str) -> None:
    pilots = "{}/1/cc:preconj/CCONJ pilots/4/nsubj/NOUN nor/3/cc/CCONJ guests/1/conj/NOUN flew/4/root/VERB"
    assert prices(pilots.format(first))["guests"] == DENYING
    assert prices(pilots.format("the").replace("nor", "and"))["guests"] == "conj"


def test_so_ties_a_clause_to_the_one_before() -> None:
    leaks = "It/1/nsubj/PRON leaks/1/root/VERB so/4/advmod/ADV it/4/nsubj/PRON stops/1/{}/VERB"
    assert prices(leaks.format("parataxis"))["so"] == BREAKING
    assert prices(leaks.format("xcomp"))["so"] != BREAKING
    for other in (
        "so/4/advmod/ADV did/4/aux/AUX oil/1/parataxis/NOUN",
        "it/4/nsubj/PRON so/4/advmod/ADV hot/1/conj/ADJ",
    ):
        assert prices(f"It/1/nsubj/PRON leaks/1/root/VERB {other}")["so"] != BREAKING


@pytest.mark.parametrize(
    "adjective", ["alleged", "former", "fake", "second", "lowest", "deputy", "full", "best", "oldest", "previous"]
)
def test_adjectives_that_change_or_pick_their_noun_stay(adjective: str) -> None:
    thief = "The/2/det/DET {}/2/amod/ADJ thief/4/nsubj/NOUN has/4/aux/AUX fled/4/root/VERB"
    assert prices(thief.format(adjective))[adjective] == BENDING
    assert prices(thief.format("young"))["young"] == "amod"
    assert prices(thief.format("famous"))["famous"] == "amod:ornament"


def test_a_question_word_and_a_degree_belong_to_what_they_stand_with() -> None:
    assert prices("asked/0/root/VERB why/2/advmod/ADV stopped/0/ccomp/VERB")["why"] == BREAKING
    assert prices("as/1/advmod/ADV hot/1/root/ADJ")["as"] == BREAKING
    ill = "too/1/advmod/ADV ill/1/root/ADJ to/3/mark/PART travel/1/advcl/VERB"
    assert prices(ill)["travel"] == BREAKING
    assert prices(ill)["too"] in {BREAKING, BENDING}


def test_a_partitive_needs_its_whole() -> None:
    bread = "A/1/det/DET {}/4/nsubj/NOUN of/3/case/ADP bread/1/nmod/NOUN fell/4/root/VERB"
    assert prices(bread.format("piece"))["bread"] == BREAKING
    assert prices(bread.format("van"))["bread"] == "nmod:of"


def test_a_comparison_needs_what_it_compares_with() -> None:
    assert prices("more/0/root/ADJ than/2/case/ADP ten/0/obl/NUM")["ten"] == BREAKING


def test_a_verb_needs_the_preposition_that_completes_it() -> None:
    pump = "It/1/nsubj/PRON depends/1/root/VERB {}/3/case/ADP pumps/1/obl/NOUN"
    assert prices(pump.format("on"))["pumps"] == BREAKING
    assert prices(pump.format("with"))["pumps"] == "obl:near"


def test_a_clause_with_to_has_a_price_of_its_own() -> None:
    assert prices("map/0/root/NOUN to/2/mark/PART leave/0/acl/VERB")["leave"] == "acl:to"
    assert prices("left/0/root/VERB to/2/mark/PART win/0/advcl/VERB")["win"] == "advcl:to"


@pytest.mark.parametrize(
    ("annotated", "word", "expected"),
    [
        ("bay/0/root/NOUN 3/0/nummod/NUM", "3", BREAKING),
        ("3/1/nummod/NUM May/1/root/PROPN", "3", BREAKING),
        ("5/1/nummod/NUM sept./1/root/NOUN", "5", BREAKING),
        ("3/1/compound/NUM million/1/root/NUM", "3", BREAKING),
        ("3/1/nummod/NUM %/1/root/SYM", "3", BREAKING),
        ("we/1/nsubj/PRON left/1/root/VERB Los/3/compound/PROPN Angeles/1/obj/PROPN", "Los", BREAKING),
        ("we/1/nsubj/PRON left/1/root/VERB Red/3/amod/PROPN Cross/1/obj/PROPN", "Red", BREAKING),
        ("Sunday/1/compound/PROPN night/1/root/NOUN", "Sunday", BREAKING),
        ("the/2/det/DET city/2/compound/NOUN council/2/root/NOUN", "city", "compound"),
        ("Ada/0/root/PROPN Lovelace/0/flat/PROPN", "Lovelace", BREAKING),
    ],
)
def test_names_and_figures_stay_whole(annotated: str, word: str, expected: str) -> None:
    assert prices(annotated)[word] == expected


def test_a_count_is_part_of_what_is_said() -> None:
    assert prices("3/1/nummod/NUM bays/1/root/NOUN")["3"] in {BREAKING, BENDING}


def test_conjuncts_by_what_they_are() -> None:
    clauses = (
        "Rain/1/nsubj/NOUN fell/1/root/VERB and/4/cc/CCONJ wind/4/nsubj/NOUN blew/1/conj/VERB "
        "and/6/cc/CCONJ died/4/conj/VERB"
    )
    assert prices(clauses)["blew"] == "conj:clause"
    assert prices(clauses)["died"] == "conj:verb"
    bread = "bread/0/root/NOUN and/2/cc/CCONJ salt/0/conj/NOUN"
    assert prices(bread)["salt"] == "conj"
    assert prices(bread)["and"] == BREAKING
    assert prices("And/2/cc/CCONJ rain/2/nsubj/NOUN fell/2/root/VERB")["And"] == "cc"


@pytest.mark.parametrize("conjunction", ["or", "nor"])
def test_an_open_alternative_stays(conjunction: str) -> None:
    pay = "Pay/0/root/VERB {}/2/cc/CCONJ leave/0/conj/VERB"
    assert prices(pay.format(conjunction))["leave"] == BENDING
    assert prices(pay.format("and"))["leave"] == "conj:verb"


@pytest.mark.parametrize("verb", ["expect", "predicted", "think", "showed"])
def test_who_says_it_is_no_statement(verb: str) -> None:
    reading = read_annotated(f"It/1/nsubj/PRON grew/1/root/VERB economists/3/nsubj/NOUN {verb}/1/parataxis/VERB")
    assert Rules(reading).tree.is_attribution(3)


def test_a_claim_is_not_taken_for_a_fact() -> None:
    grew = "It/1/nsubj/PRON grew/1/root/VERB critics/3/nsubj/NOUN {}/1/parataxis/VERB"
    assert prices(grew.format("claim"))["claim"] == BENDING
    assert prices(grew.format("said"))["said"] == "parataxis"


def test_a_whole_date_may_go() -> None:
    told = "They/1/nsubj/PRON waited/1/root/VERB since/4/case/SCONJ 3/4/nummod/NUM May/1/obl/PROPN"
    assert prices(told)["May"] not in GRADES
    assert prices(told)["3"] == BREAKING
