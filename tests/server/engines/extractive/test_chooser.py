"""The choice of words: the asked length always, connected words, whole clauses, and no time lost on odd texts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentence_readings import read_annotated, readings

from briefd_server.engines.extractive.chooser import Chosen, Judgement, choose
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.repairs import repair
from briefd_server.engines.extractive.sentence_tree import chain_conjuncts

COSTS = Costs()


def offer(reading: SentenceReading, *, aside: bool = False, question: bool = False) -> Offer:
    return Offer(reading, aside, question)


def parts(sentences: list[Offer], length: Length, costs: Costs = COSTS) -> list[Chosen]:
    """Choose by the table of costs alone."""
    return choose(sentences, length, Judgement(costs)).parts


def chosen(annotated: str, least: int, most: int, costs: Costs = COSTS) -> str:
    """Choose from one sentence."""
    reading = read_annotated(annotated)
    (part,) = parts([offer(reading)], Length(least, most), costs)
    return " ".join(reading.words[word] for word in part.words)


def count_words(offers: list[Offer]) -> int:
    return sum(len(each.reading) for each in offers)


lengths = st.tuples(st.integers(1, 20), st.integers(0, 15)).map(lambda pair: Length(pair[0], sum(pair)))
offers = st.lists(st.builds(Offer, readings(), st.booleans(), st.booleans()), min_size=1, max_size=5)


@given(offers, lengths)
def test_the_length_is_met_whenever_there_are_enough_words(given_offers: list[Offer], length: Length) -> None:
    choice = parts(given_offers, length)
    count = sum(len(part.words) for part in choice)
    if count_words(given_offers) < length.least:
        assert count == count_words(given_offers)
    else:
        assert length.least <= count <= length.most
    numbers = [part.number for part in choice]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    for part in choice:
        assert part.words == sorted(set(part.words))
        assert part.words[0] >= 0
        assert part.words[-1] < len(given_offers[part.number].reading)
        assert part.reading is given_offers[part.number].reading


@given(readings(), lengths)
def test_the_words_of_a_sentence_hang_together(reading: SentenceReading, length: Length) -> None:
    if len(reading) >= length.least:
        (part,) = parts([offer(reading)], length)
        heads = chain_conjuncts(list(reading.heads), list(reading.relations))
        assert sum(heads[word] == word or heads[word] not in part.words for word in part.words) == 1


def sentence_of(count: int, prominence: float = 0.0, salience: float = 0.0) -> SentenceReading:
    """Read a clause of a verb, its subject and adverbs, `count` words in all."""
    words = ["Pumps/1/nsubj/NOUN", "fail/1/root/VERB", *["again/1/advmod/ADV"] * (count - 2)]
    return read_annotated(" ".join(words[:count]) if count > 1 else "Pumps/0/root/NOUN", salience, prominence)


def numbers_of(sentences: list[Offer], least: int, most: int) -> list[int]:
    return [part.number for part in parts(sentences, Length(least, most))]


def test_the_prominent_sentence_wins_then_the_first() -> None:
    dull, prominent = offer(sentence_of(12, -3.0)), offer(sentence_of(12, 3.0))
    assert numbers_of([dull, prominent, dull], 10, 15) == [1]
    assert numbers_of([dull, dull], 10, 15) == [0]


def test_headings_and_questions_stand_back() -> None:
    plain = sentence_of(12)
    assert numbers_of([offer(plain, aside=True), offer(plain)], 10, 15) == [1]
    assert numbers_of([offer(plain, question=True), offer(plain)], 10, 15) == [1]
    assert numbers_of([offer(plain, question=True)], 10, 15) == [0]


@pytest.mark.parametrize(("lead", "item"), [("Never", "Mix bleach indoors"), ("Always", "Mix bleach fast")])
def test_a_restriction_stays_below_a_line_that_denies_it(lead: str, item: str) -> None:
    line = read_annotated(f"{lead}/1/advmod/ADV do/1/root/VERB this/1/obj/PRON")
    reading = read_annotated(
        "Mix/0/root/VERB bleach/0/obj/NOUN indoors/0/advmod/ADV fast/0/advmod:discourse/ADV", salience=0.0
    )
    salient = replace(reading, salience=np.array([0.0, 0.0, 0.0, 9.0]))
    given_offers = [Offer(line, False, False, leads=True), Offer(salient, False, False, led_by=0)]
    governed = parts(given_offers, Length(6, 6))[-1]
    assert " ".join(reading.words[word] for word in governed.words) == item


def test_a_short_lead_is_joined_with_what_leans_on_it() -> None:
    lead = read_annotated("Our/1/nmod:poss/PRON bank/2/nsubj/NOUN fell/2/root/VERB", prominence=1.0)
    leaning = read_annotated(
        "It/2/nsubj/PRON was/2/aux/AUX sold/2/root/VERB to/5/case/ADP a/5/det/DET firm/2/obl/NOUN", prominence=1.2
    )
    following = offer(leaning)
    assert [part.number for part in parts([offer(lead), replace(following, leans=True)], Length(5, 9))] == [0, 1]
    assert [part.number for part in parts([offer(lead), following], Length(5, 9))] == [1]


def test_short_neighbours_are_joined_to_a_run_that_is_long_enough() -> None:
    sentences = [offer(sentence_of(4)), offer(sentence_of(5)), offer(sentence_of(3))]
    assert numbers_of(sentences, 10, 15) == [0, 1, 2]
    assert numbers_of(sentences, 8, 9) == [0, 1]


def test_a_run_keeps_at_least_a_word_of_each_and_no_more_than_was_asked() -> None:
    sentences = [offer(sentence_of(2))] * 4 + [offer(sentence_of(9))]
    choice = parts(sentences, Length(10, 10))
    assert sum(len(part.words) for part in choice) == 10
    assert all(part.words for part in choice)


def test_a_long_sentence_is_chosen_rather_than_a_run_of_scraps() -> None:
    scraps = [offer(read_annotated("Pumps/0/root/NOUN"))] * 20
    assert numbers_of([*scraps, offer(sentence_of(12))], 10, 15) == [20]


def test_fewer_words_than_asked_are_all_kept() -> None:
    sentences = [offer(sentence_of(3)), offer(sentence_of(2))]
    choice = parts(sentences, Length(10, 15))
    assert [(part.number, part.words) for part in choice] == [(0, [0, 1, 2]), (1, [0, 1])]


PUMP = (
    "The/1/det/DET pump/3/nsubj/NOUN never/3/advmod/ADV reached/3/root/VERB its/6/nmod:poss/PRON full/6/amod/ADJ "
    "pressure/3/obj/NOUN yesterday/3/obl:unmarked/NOUN evening/7/dep/NOUN however/3/advmod/ADV"
)


@pytest.mark.parametrize("most", range(6, 10))
def test_what_the_grammar_needs_is_kept_while_there_is_room(most: int) -> None:
    assert {"pump", "never", "reached", "its", "pressure"} <= set(chosen(PUMP, 6, most).split())


@pytest.mark.parametrize("valued", ["slowly", "old"])
def test_a_value_decides_among_what_may_go(valued: str) -> None:
    reading = read_annotated(PUMP.replace("never", "slowly").replace("full", "old"))
    is_valued = np.array([word == valued for word in reading.words])
    (part,) = parts([offer(replace(reading, salience=np.where(is_valued, 30.0, 0.0)))], Length(6, 6))
    expected = {"slowly": "The pump slowly reached its pressure", "old": "The pump reached its old pressure"}
    assert " ".join(reading.words[word] for word in part.words) == expected[valued]


def test_a_noun_phrase_stands_for_a_sentence_of_which_nothing_complete_fits() -> None:
    needed = (
        "The/2/det/DET old/2/amod/ADJ pump/3/nsubj/NOUN gave/3/root/VERB the/6/det/DET whole/6/amod/ADJ "
        "town/3/iobj/NOUN its/9/nmod:poss/PRON drinking/9/amod/ADJ water/3/obj/NOUN"
    )
    assert chosen(needed, 3, 3) in {"The old pump", "the whole town", "its drinking water"}


def test_a_reported_clause_stands_without_its_reporter_and_its_link() -> None:
    report = (
        "Police/1/nsubj/NOUN said/1/root/VERB that/5/mark/SCONJ the/4/det/DET pump/5/nsubj/NOUN failed/1/ccomp/VERB "
        "at/7/case/ADP noon/5/obl/NOUN"
    )
    assert chosen(report, 5, 5, replace(COSTS, prices={**COSTS.prices, "obl": 9.0, "obl:near": 9.0})) == (
        "the pump failed at noon"
    )


def test_no_clause_of_a_list_comes_with_another_but_without_their_conjunction() -> None:
    clauses = (
        "Rain/1/nsubj/NOUN fell/1/root/VERB wind/3/nsubj/NOUN blew/1/conj/VERB and/8/cc/CCONJ the/7/det/DET "
        "old/7/amod/ADJ bridge/8/nsubj/NOUN broke/1/conj/VERB"
    )
    for size in range(3, 9):
        words = chosen(clauses, size, size, replace(COSTS, entries={**COSTS.entries, "root": 400.0})).split()
        assert not ("blew" in words and "broke" in words and "and" not in words)


def seconds_to_choose(readings: list[SentenceReading]) -> float:
    started = time.process_time()
    choice = parts([offer(repair(reading)) for reading in readings], Length(10, 15))
    assert 10 <= sum(len(part.words) for part in choice) <= 15
    return time.process_time() - started


# Of a sentence's words, by their number and how many there are.
HEADS: dict[str, Callable[[int, int], int]] = {
    "chain": lambda word, _: max(0, word - 1),
    "chain backwards": lambda word, count: min(count - 1, word + 1),
    "star": lambda _word, _count: 0,
}


def least_of_two(seconds: Callable[[int], float], count: int) -> float:
    return min(seconds(count), seconds(count))


def is_linear(seconds: Callable[[int], float]) -> bool:
    """Tell whether eight times the words take less than twenty times as long; a busy machine is asked again."""
    return least_of_two(seconds, 2400) < 20 * least_of_two(seconds, 300) + 0.02


def test_time_grows_linearly_with_the_sentences() -> None:
    def seconds(count: int) -> float:
        return seconds_to_choose([read_annotated("Pumps/0/root/NOUN", prominence=n % 7) for n in range(count)])

    assert any(is_linear(seconds) for _ in range(3))


RELATIONS = [
    ("nmod", "NOUN"),
    ("obl", "VERB"),
    ("obl:unmarked", "NOUN"),
    ("conj", "VERB"),
    ("conj", "NOUN"),
    ("ccomp", "VERB"),
    ("advmod", "ADV"),
    ("advcl", "VERB"),
    ("parataxis", "VERB"),
]


def assert_linear(reading_of: Callable[[int], SentenceReading]) -> None:
    def seconds(count: int) -> float:
        return seconds_to_choose([reading_of(count)])

    assert any(is_linear(seconds) for _ in range(3))


@pytest.mark.parametrize("shape", HEADS)
@pytest.mark.parametrize(("relation", "tag"), RELATIONS)
def test_time_grows_linearly_with_a_sentence(shape: str, relation: str, tag: str) -> None:
    def reading_of(count: int) -> SentenceReading:
        heads = [HEADS[shape](word, count) for word in range(count)]
        relations = ["root" if head == word else relation for word, head in enumerate(heads)]
        zeros = np.zeros(count)
        # "says" reports, "so" may conclude, "between" begins ranges: all ask about their heads or what is beside them.
        words = ["says", *["so", "between"] * (count // 2)][:count]
        return SentenceReading(words, heads, relations, [tag] * count, zeros, zeros, 0.0)

    assert_linear(reading_of)


@pytest.mark.parametrize("relation", ["conj", "parataxis", "ccomp", "advcl"])
@pytest.mark.parametrize("word", ["no", "it", "so"])
def test_time_grows_linearly_with_the_clauses_of_a_sentence(relation: str, word: str) -> None:
    """Every second word is the subject of the next one, and that a clause which may stand alone."""

    def reading_of(count: int) -> SentenceReading:
        clauses = f"{word}/{{}}/nsubj/PRON fails/1/{relation}/VERB"
        pairs = [clauses.format(2 * number + 1) for number in range(1, count // 2)]
        return read_annotated(" ".join(["it/1/nsubj/PRON says/1/root/VERB", *pairs]))

    assert_linear(reading_of)


@pytest.mark.parametrize("first", ["conj/VERB", "advmod/ADV", "nsubj/NOUN", "ccomp/VERB"])
@pytest.mark.parametrize("second", ["advcl/VERB", "conj/NOUN", "ccomp/VERB", "obl/NOUN"])
@pytest.mark.parametrize("root_is_last", [False, True])
def test_time_grows_linearly_with_what_hangs_on_a_word(first: str, second: str, *, root_is_last: bool) -> None:
    def reading_of(count: int) -> SentenceReading:
        root = count - 1 if root_is_last else 0
        half = count // 2 - 1
        hanging = [f"so/{root}/{first}"] * half + [f"not/{root}/{second}"] * half
        says = f"says/{root}/root/VERB"
        return read_annotated(
            " ".join([*hanging, "x/0/dep/X", says] if root_is_last else [says, *hanging, "x/0/dep/X"])
        )

    assert_linear(reading_of)
