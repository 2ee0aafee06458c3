"""The measures of the sentence that comes out: listed answers, reversals, the choice, confidence; and their shares."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.corpora.collapse import ParsedSentence
from briefd_build.corpora.documents import Document
from briefd_build.evaluation.answers import kept_words
from briefd_build.evaluation.cases import Case, measure_cases, normalize, read_cases
from briefd_build.evaluation.choice import (
    MOST_SENTENCES,
    ChoiceSet,
    is_choosable,
    measure_choice,
    nearest_sentences,
    sentence_at,
)
from briefd_build.evaluation.confidence import calibration_error, measure_confidence
from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.own_texts import read_own_texts
from briefd_build.evaluation.reversals import (
    REVERSED,
    judge_reversal,
    measure_reversals,
    parse_reversal,
    read_reversals,
)
from briefd_build.evaluation.wilson import Share
from briefd_server.engines.base import Span, Summary
from briefd_server.text.words import count_words, find_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.engines.base import Task


@dataclass
class Scripted:
    """An engine that answers as it is told: with words of the text from a place on."""

    answer: Callable[[Task], tuple[int, str]]
    thread_count = 1

    def summarize(self, task: Task, _call: object) -> Summary:
        start, text = self.answer(task)
        return Summary(text, count_words(text), None, (Span(start, start + len(text)),), "en", 1, 1)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # By the closed form as published by Newcombe 1998, "Two-sided confidence intervals for the single proportion".
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_intervals_are_wilsons(count: int, total: int, low: float, high: float) -> None:
    assert Share(count, total).bounds == pytest.approx((low, high), abs=0.006)


@given(st.integers(1, 5000), st.data())
def test_a_share_lies_within_its_interval(total: int, data: st.DataObject) -> None:
    share = Share(data.draw(st.integers(0, total)), total)
    low, high = share.bounds
    assert 0 <= low <= share.percent + 1e-9
    assert share.percent - 1e-9 <= high <= 100
    assert Share.of([True] * share.count + [False] * (total - share.count)) == share


def test_a_share_of_nothing_says_so() -> None:
    assert str(Share(0, 0)) == "none"
    assert Share(0, 0).to_json()["percent"] is None


@given(st.lists(st.text("ab .-(\n", min_size=1, max_size=8), max_size=8), st.data())
def test_kept_words_are_those_of_the_spans(pieces: list[str], data: st.DataObject) -> None:
    text = " ".join(pieces)
    words = find_words(text)
    kept = sorted(data.draw(st.sets(st.sampled_from(range(len(words))))) if words else [])
    spans = tuple(Span(words[position].start, words[position].end) for position in kept)
    assert kept_words(text, Summary("", 0, None, spans, "en", 1, 1)) == kept


def test_answers_are_compared_without_blanks_case_and_the_final_stop() -> None:
    assert normalize(" The  Pump\nfailed. ") == normalize("the pump\N{NO-BREAK SPACE}failed")
    assert normalize("Is it?") != normalize("Is it")


def test_a_case_is_answered_as_listed_or_not() -> None:
    cases = [
        Case("1", "mail", "", "The pump failed.", 3, 4, ("Another one.", "the pump failed")),
        Case("2", "mail", "R1", "The tank leaks.", 3, 4, ("The tank is full.",)),
    ]
    outcome = measure_cases(Scripted(lambda task: (0, task.text)), cases)
    assert outcome.figures == {"equal to a listed answer": Share(1, 2)}
    assert outcome.parts == {"kind: mail": Share(1, 2), "cause: R1": Share(0, 1)}
    assert [example.faults for example in outcome.examples] == [(), ("not listed",)]
    assert [example.id for example in outcome.with_faults(3)["not listed"]] == ["2"]


def test_every_case_lists_an_answer_and_says_why_one_was_added() -> None:
    assert len({case.id for case in read_cases()}) == len(read_cases()) >= 171
    assert all(case.acceptable and count_words(case.text) >= case.least for case in read_cases())
    assert all(record["added_why"].strip() for record in read_own_texts("cases", "en") if "added_why" in record)
    assert read_cases("tlh") == []


REVERSAL = parse_reversal(
    {
        "id": "1",
        "kind": "no-longer",
        "text": "The clinic doesn't take patients any more; its shop can be used, but only on Mondays.",
        "statement": [["clinic", "patients"], "shop used"],
        "keep": [["doesn't take", "any more"], ["only on Mondays"]],
    }
)


@pytest.mark.parametrize(
    ("summary", "verdict"),
    [
        ("The clinic doesn’t take patients any more.", "kept"),
        ("The clinic doesn't take patients.", REVERSED),
        ("The clinic does take patients.", REVERSED),
        ("The shop can be used, but only on Mondays.", "kept"),
        ("The shop can be used.", REVERSED),
        ("The clinic has a shop.", "avoided"),
    ],
)
def test_a_statement_is_kept_reversed_or_avoided(summary: str, verdict: str) -> None:
    assert judge_reversal(REVERSAL, summary) == verdict


def test_a_figure_is_stated_with_and_without_its_minus() -> None:
    line = {"id": "1", "kind": "minus", "text": "It was -31 °C.", "statement": [["31"]], "keep": [["-31"]]}
    assert judge_reversal(parse_reversal(line), "It was -31 °C.") == "kept"
    assert judge_reversal(parse_reversal(line), "It was 31 °C.") == REVERSED
    assert judge_reversal(parse_reversal(line), "It was 310 °C.") == "avoided"


def test_reversals_are_counted() -> None:
    outcome = measure_reversals(Scripted(lambda task: (0, "The shop can be used.")), [REVERSAL])
    assert outcome.figures == {REVERSED: Share(1, 1), "kept": Share(0, 1), "avoided": Share(0, 1)}
    assert outcome.parts == {"kind: no-longer": Share(1, 1)}


def test_what_a_reversal_must_keep_stands_in_its_text() -> None:
    reversals = read_reversals()
    assert len({each.id for each in reversals}) == len(reversals) >= 300
    for each in reversals:
        assert judge_reversal(each, each.text) == "kept", each.id


DOCUMENT = Document(
    ("The mayor opened a bridge.", "It rained.", "The new bridge spans the river."), ("A bridge spans the river.",)
)


def test_the_nearest_sentence_is_that_of_most_common_words_and_pairs() -> None:
    assert nearest_sentences(DOCUMENT) == (2,)
    assert nearest_sentences(Document(("A b c.", "A b c.", "D."), ("A b.",))) == (0, 1)


@given(st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=6), st.data())
def test_a_place_lies_in_its_sentence(sentences: list[str], data: st.DataObject) -> None:
    number = data.draw(st.sampled_from(range(len(sentences))))
    before = len(" ".join(sentences[:number])) + (1 if number else 0)
    place = before + data.draw(st.integers(0, len(sentences[number]) - 1))
    assert sentence_at(sentences, place) == number


def test_the_first_sentence_of_an_answer_is_its_choice() -> None:
    last = len(" ".join(DOCUMENT.sentences[:2])) + 1
    sets = [ChoiceSet("news", (DOCUMENT,)), ChoiceSet("posts", (DOCUMENT,))]
    outcome = measure_choice(Scripted(lambda task: (last, task.text[last:])), sets)
    assert outcome.figures == {"nearest": Share(2, 2), "news": Share(1, 1), "posts": Share(1, 1)}
    missed = measure_choice(Scripted(lambda task: (0, "The mayor opened a bridge.")), sets)
    assert missed.figures["nearest"] == Share(0, 2)
    assert missed.examples[0].notes["nearest"] == DOCUMENT.sentences[2]


def test_documents_without_summaries_or_of_many_sentences_have_no_best_sentence() -> None:
    assert is_choosable(DOCUMENT)
    assert not is_choosable(Document(DOCUMENT.sentences, ()))
    assert not is_choosable(Document(("A.",) * (MOST_SENTENCES + 1), ("A.",)))


def test_calibration_is_the_mean_distance_of_bins() -> None:
    # Two bins: 0.2 against 0 of 2, 0.9 against 1 of 2.
    assert calibration_error([0.9, 0.2, 0.2, 0.9], [True, False, False, False], 2) == pytest.approx(0.3)
    assert calibration_error([1.0, 0.0], [True, False]) == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_calibration_is_never_below_that_of_one_bin(items: list[tuple[float, bool]]) -> None:
    confidences, truths = zip(*items, strict=True)
    one = abs(sum(confidences) - sum(truths)) / len(items)
    assert calibration_error(confidences, truths, 1) == pytest.approx(one)
    assert one - 1e-9 <= calibration_error(confidences, truths) <= 1


def test_outcomes_are_json() -> None:
    outcome = Outcome({"share": Share(1, 4), "count": 3}, (Example("1", "t", "g", ("f",)),), {"part": Share(0, 0)})
    assert json.loads(json.dumps(outcome.to_json()))["share"]["percent"] == 25


def chain(count: int) -> ParsedSentence:
    """Make a sentence of which every word needs the next."""
    words = tuple(f"w{number}" for number in range(count))
    heads = tuple(max(0, number - 1) for number in range(count))
    return ParsedSentence(" ".join(words), words, heads, ("root", *("obj",) * (count - 1)), ("X",) * count)


def test_confidence_is_held_against_what_was_needed() -> None:
    """Sentences of an even number of words are kept whole, at 0.95; the others lose their last word, at 0.65."""

    def answer(text: str) -> SimpleNamespace:
        is_whole = count_words(text) % 2 == 0
        end = len(text) if is_whole else text.rindex(" ")
        return SimpleNamespace(text=text[:end], spans=(Span(0, end),), confidence=0.95 if is_whole else 0.65)

    engine = SimpleNamespace(summarize=lambda task, _call: answer(task.text))
    outcome = measure_confidence(engine, [chain(count) for count in range(15, 60)])  # type: ignore[arg-type]
    assert outcome.figures == {
        "confidence stated": Share(40, 40),
        "at 0.9 or more": Share(20, 40),
        "no needed word cut, at 0.9 or more": Share(20, 20),
        "calibration error": pytest.approx((0.65 + 0.05) / 2),
    }


def test_an_engine_that_states_no_confidence_has_none_measured() -> None:
    outcome = measure_confidence(Scripted(lambda task: (0, task.text)), [chain(20)])
    assert outcome.figures == {"confidence stated": Share(0, 1)}
