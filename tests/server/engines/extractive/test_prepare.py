"""What the chooser is offered of a text: sentences without datelines, and which of them stand back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.extractive.prepare import TextSentence, prepare
from briefd_server.text.words import find_words

FACT = "Divers found the wreck of the ferry near the harbour on Monday."


def contents(text: str, least_words: int = 3) -> list[str]:
    return [text[each.start : each.end] for each in prepare(text, least_words)]


@pytest.mark.parametrize(
    "dateline",
    [
        "LONDON (Reuters) - ",
        "LONDON (Reuters) — ",
        "London (AP) — ",
        "NEW YORK, March 3 (Reuters) - ",
        "SOCHI, Russia (AP) — ",
        "(CNN) -- ",
        "PARIS – ",
        "WASHINGTON, D.C. — ",
        "SOCHI, Russia ",
        "- ",
        "1. ",
        "2024-05-01 12:00:03 ",
    ],
)
def test_leaves_out_what_stands_before_a_sentence(dateline: str) -> None:
    assert contents(dateline + FACT) == [FACT]


@pytest.mark.parametrize(
    "text",
    [
        FACT,
        "NASA, Boeing said Friday, will try again in May.",
        "Paris, France's capital, was flooded by the river on Monday.",
        "IBM - a maker of computers - was founded in 1911.",
        "I - for one - agree with the committee on this matter.",
    ],
)
def test_leaves_a_sentence_alone_that_has_none(text: str) -> None:
    assert contents(text) == [text]


def test_takes_the_dateline_too_where_words_are_short() -> None:
    text = "LONDON (Reuters) - Ferry found."
    assert contents(text, 2) == ["Ferry found."]
    assert contents(text, 3) == [text]


def test_a_dateline_alone_stays() -> None:
    assert contents("LONDON (Reuters) -", 1) == ["LONDON (Reuters) -"]


def only(text: str) -> TextSentence:
    (sentence,) = prepare(text, 1)
    return sentence


@pytest.mark.parametrize(
    "text",
    [
        "By Ann Example",
        "Written by Ann B. Example",
        "Photo by Bo Example",
        "Sent from my phone",
        "Thanks!",
        "Kind regards, Ann",
        "Dear Mr. Example,",
        "Hi all,",
        "To unsubscribe, click here.",
        "Copyright 2024 Example Ltd.",
        "Subject: the pump in bay 3",
        "# The pump",
        "> The pump in bay 3 has stopped again.",
    ],
)
def test_bylines_greetings_headers_and_quotations_stand_back(text: str) -> None:
    assert only(text).is_aside


@pytest.mark.parametrize(
    "text",
    [
        FACT,
        "By Monday the pump had failed twice and was replaced.",
        "Thanks to the new pump the cellar stayed dry.",
        "Dear prices kept buyers away from the market last year.",
    ],
)
def test_a_sentence_that_says_something_does_not(text: str) -> None:
    assert not only(text).is_aside


@pytest.mark.parametrize("text", ["Is the pump on?", "“Is the pump on?”", "He asked (is the pump on?)"])
def test_questions(text: str) -> None:
    assert only(text).is_question
    assert not only("Is it on? No.".split("? ")[1]).is_question


@given(st.text(st.sampled_from("LONDONrue() -—:,.?!'1 \n>#*By"), max_size=80), st.integers(1, 20))
def test_offers_only_words_of_the_text_in_order(text: str, least_words: int) -> None:
    sentences = prepare(text, least_words)
    starts = [word.start for sentence in sentences for word in sentence.words]
    assert starts == sorted(set(starts))
    assert len(starts) <= len(find_words(text))
    assert len(starts) >= min(least_words, len(find_words(text)))
    for sentence in sentences:
        assert sentence.words
        assert sentence.words[0].start >= sentence.start
        assert sentence.words[-1].end <= sentence.end
        content = text[sentence.start : sentence.end]
        within = [content[word.start : word.end] for word in sentence.words_within()]
        assert within == [text[word.start : word.end] for word in sentence.words]
