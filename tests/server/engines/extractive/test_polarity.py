"""The polarity of places: where a restriction may be left out, and which operators say that it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.polarity import DOWN, NONE, UP, Polarity
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.roles import read_operators
from briefd_server.engines.extractive.rules import Rules

OPERATORS = read_operators("en")


def polarity_of(annotated: str) -> tuple[Polarity, dict[str, int]]:
    """Find the polarity of a sentence, and the position of each of its words."""
    reading = read_annotated(annotated)
    return Rules(reading).polarity, {word: position for position, word in enumerate(reading.words)}


def reaches(annotated: str, word: str) -> int:
    """Polarity of leaving out a word."""
    polarity, position = polarity_of(annotated)
    return polarity.reaches(position[word])


def place(annotated: str, word: str) -> int:
    polarity, position = polarity_of(annotated)
    return polarity.place[position[word]]


@pytest.mark.parametrize(
    ("role", "form", "restrictor", "body"),
    [
        ("adverb", "not", UP, DOWN),
        ("adverb", "hardly", UP, DOWN),
        ("adverb", "only", UP, NONE),
        ("determiner", "no", DOWN, DOWN),
        ("determiner", "few", DOWN, DOWN),
        ("determiner", "every", DOWN, UP),
        ("determiner", "most", NONE, UP),
        ("determiner", "only", NONE, DOWN),
        ("predicate", "refused", UP, DOWN),
        ("predicate", "unclear", UP, NONE),
        ("link", "if", UP, DOWN),
        ("link", "before", UP, DOWN),
        ("link", "than", UP, DOWN),
    ],
)
def test_the_table_of_operators(role: str, form: str, restrictor: int, body: int) -> None:
    operator = OPERATORS[role][form]
    assert (operator.restrictor, operator.body) == (restrictor, body)


PUMP = "{}/2/det/DET old/2/amod/ADJ pump/3/nsubj/NOUN stopped/3/root/VERB at/5/case/ADP noon/3/obl/NOUN"


@pytest.mark.parametrize(
    ("determiner", "of_noun", "of_predicate"),
    [
        ("The", UP, UP),
        ("A", UP, UP),
        ("Some", UP, UP),
        ("No", DOWN, DOWN),
        ("Few", DOWN, DOWN),
        ("Every", DOWN, UP),
        ("All", DOWN, UP),
        ("Each", DOWN, UP),
        ("Most", NONE, UP),
        ("Many", NONE, UP),
    ],
)
def test_a_determiner_reaches_its_noun_and_its_predicate(determiner: str, of_noun: int, of_predicate: int) -> None:
    sentence = PUMP.format(determiner)
    assert (reaches(sentence, "old"), reaches(sentence, "noon")) == (of_noun, of_predicate)


PASSENGERS = (
    "{}/4/nsubj/PRON of/3/case/ADP the/3/det/DET passengers/0/nmod/NOUN paid/4/root/VERB at/7/case/ADP the/7/det/DET "
    "gate/4/obl/NOUN"
)


@pytest.mark.parametrize(
    ("quantity", "of_predicate"), [("None", DOWN), ("Few", DOWN), ("All", UP), ("Most", UP), ("Some", UP)]
)
def test_a_partitive_turns_as_its_quantity_does(quantity: str, of_predicate: int) -> None:
    assert reaches(PASSENGERS.format(quantity), "gate") == of_predicate


@pytest.mark.parametrize("quantity", ["None", "All", "Few"])
def test_what_a_quantity_is_of_may_not_be_narrowed_less(quantity: str) -> None:
    with_old = PASSENGERS.replace("passengers/0", "old/3/amod/ADJ passengers/0")
    shifted = with_old.format(quantity).replace("/4/", "/5/").replace("of/3", "of/4").replace("the/3", "the/4")
    shifted = shifted.replace("old/3", "old/4").replace("at/7", "at/8").replace("the/7", "the/8")
    assert reaches(shifted, "old") == DOWN


PUPILS = (
    "pupils/4/nsubj/NOUN from/3/case/ADP other/3/amod/ADJ districts/0/nmod/NOUN {}/4/root/VERB a/6/det/DET "
    "fee/4/obj/NOUN"
)


def test_a_bare_subject_stands_for_all_of_its_kind_unless_it_is_over() -> None:
    assert reaches(PUPILS.format("pay"), "districts") == DOWN
    assert reaches(PUPILS.format("paid"), "districts") == UP
    the = "The/1/det/DET pupils/3/nsubj/NOUN {}/1/amod/ADJ pay/3/root/VERB"
    assert reaches(the.format("old"), "old") == UP


@pytest.mark.parametrize(("article", "expected"), [("The", DOWN), ("A", UP)])
def test_an_obligation_speaks_of_all_of_a_kind(article: str, expected: int) -> None:
    sentence = f"{article}/2/det/DET new/2/amod/ADJ members/4/nsubj/NOUN must/4/aux/AUX register/4/root/VERB"
    assert reaches(sentence, "new") == expected


def test_what_stands_after_only_says_that_nothing_else_holds() -> None:
    pay = "Guests/2/nsubj/NOUN {}/2/advmod/ADV paid/2/root/VERB for/5/case/ADP cold/5/amod/ADJ drinks/2/obl/NOUN"
    assert reaches(pay.format("only"), "drinks") == NONE
    assert reaches(pay.format("gladly"), "drinks") == UP
    red = "Only/4/advmod/ADV the/3/det/DET red/3/amod/ADJ hose/4/nsubj/NOUN works/4/root/VERB"
    assert place(red, "hose") == NONE


@pytest.mark.parametrize(
    ("negations", "expected"),
    [
        (("gladly", "wanted"), UP),
        (("never", "wanted"), DOWN),
        (("gladly", "refused"), DOWN),
        (("never", "refused"), UP),
    ],
)
def test_two_negations_turn_the_polarity_back(negations: tuple[str, str], expected: int) -> None:
    adverb, verb = negations
    leave = (
        f"They/2/nsubj/PRON {adverb}/2/advmod/ADV {verb}/2/root/VERB to/4/mark/PART leave/2/xcomp/VERB "
        "the/7/det/DET old/7/amod/ADJ hall/4/obj/NOUN"
    )
    assert reaches(leave, "old") == expected


@pytest.mark.parametrize("negated", ["didn't/2/aux/AUX", "didn’t/2/aux/AUX", "cannot/2/aux/AUX", "hardly/2/advmod/ADV"])
def test_a_negation_reaches_what_stands_after_it(negated: str) -> None:
    sentence = f"Pumps/2/nsubj/NOUN {negated} stop/2/root/VERB at/4/case/ADP noon/2/obl/NOUN"
    assert reaches(sentence, "noon") == DOWN


def test_what_stands_before_a_negation_is_not_reached() -> None:
    today = (
        "Yesterday/5/obl:unmarked/NOUN the/2/det/DET pump/5/nsubj/NOUN did/5/aux/AUX not/5/advmod/PART "
        "stop/5/root/VERB at/7/case/ADP noon/5/obl/NOUN"
    )
    assert (reaches(today, "Yesterday"), reaches(today, "noon")) == (UP, DOWN)


@pytest.mark.parametrize(
    "sentence",
    [
        "It/3/nsubj/PRON no/2/advmod/ADV longer/3/advmod/ADV stops/3/root/VERB at/5/case/ADP noon/3/obl/NOUN",
        "At/2/case/ADP no/2/det/DET time/4/obl/NOUN it/4/nsubj/PRON stopped/4/root/VERB at/6/case/ADP noon/4/obl/NOUN",
    ],
)
def test_a_negation_of_several_words_is_one(sentence: str) -> None:
    assert reaches(sentence, "noon") == DOWN


@pytest.mark.parametrize("link", ["if", "unless", "until", "before", "without"])
def test_a_condition_turns_what_it_introduces(link: str) -> None:
    leave = f"Leave/0/root/VERB {link}/3/mark/SCONJ it/3/nsubj/PRON rings/0/advcl/VERB at/5/case/ADP noon/3/obl/NOUN"
    assert reaches(leave, "noon") == DOWN
    assert reaches(leave.replace(link, "because"), "noon") == UP


@pytest.mark.parametrize(
    "condition",
    [
        "as/2/advmod/ADV long/0/advmod/ADV as/5/mark/SCONJ it/5/nsubj/PRON rings/2/advcl/VERB at/7/case/ADP "
        "noon/5/obl/NOUN",
        "even/4/advmod/ADV if/4/mark/SCONJ it/4/nsubj/PRON rings/0/advcl/VERB at/6/case/ADP noon/4/obl/NOUN",
    ],
)
def test_a_condition_of_several_words_turns_once(condition: str) -> None:
    sentence = "Stay/0/root/VERB " + condition
    assert reaches(sentence, "noon") == DOWN
    assert place(sentence, "Stay") == UP


def test_an_exception_turns_once() -> None:
    sentence = "Leave/0/root/VERB except/4/case/ADP for/4/case/ADP old/4/amod/ADJ pumps/0/obl/NOUN"
    assert reaches(sentence, "old") == DOWN


def test_a_clause_is_no_condition_because_one_hangs_on_it() -> None:
    sentence = (
        "She/1/nsubj/PRON says/1/root/VERB guests/3/nsubj/NOUN stay/1/ccomp/VERB as/5/advmod/ADV long/3/advmod/ADV "
        "as/8/mark/SCONJ it/8/nsubj/PRON rings/5/advcl/VERB"
    )
    assert (place(sentence, "stay"), place(sentence, "rings")) == (UP, DOWN)


def test_a_conjunct_without_its_own_negation_is_negated_only_if_it_is_an_alternative() -> None:
    stop = (
        "It/3/nsubj/PRON did/3/aux/AUX not/3/advmod/PART stop/3/root/VERB {}/5/cc/CCONJ slow/3/conj/VERB "
        "at/7/case/ADP noon/5/obl/NOUN"
    )
    assert (reaches(stop.format("or"), "noon"), reaches(stop.format("and"), "noon")) == (DOWN, UP)


@given(readings())
def test_whatever_the_tree_every_place_has_a_polarity(reading: SentenceReading) -> None:
    polarity = Rules(reading).polarity
    for word in range(len(reading)):
        assert {polarity.place[word], polarity.body[word], polarity.reaches(word), polarity.joins(word)} <= {
            UP,
            DOWN,
            NONE,
        }
    (root,) = (word for word, head in enumerate(reading.heads) if head == word)
    assert polarity.place[root] == UP


def test_a_condition_holds_for_the_whole_whatever_its_clause_denies() -> None:
    mix = (
        "Do/2/aux/AUX not/2/advmod/PART mix/2/root/VERB {}/7/mark/SCONJ the/6/det/DET cold/6/amod/ADJ air/7/nsubj/NOUN "
        "comes/2/advcl/VERB"
    )
    assert reaches(mix.format("if"), "cold") == DOWN
    assert reaches(mix.format("when"), "cold") == DOWN


def test_what_happened_once_is_no_condition() -> None:
    fell = (
        "It/1/nsubj/PRON fell/1/root/VERB when/6/advmod/ADV the/5/det/DET old/5/amod/ADJ nails/6/nsubj/NOUN "
        "{}/1/advcl/VERB"
    )
    assert reaches(fell.format("broke"), "old") == UP
    assert reaches(fell.format("break"), "old") == DOWN
