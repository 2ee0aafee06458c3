from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

CHARACTERS = "aZ5 .,;:!?-—…'\"’”()[]>|*#`~_\n\n\t\r\xa0。，é我\u0301\u200b\ufeff\u2028\x0b"
STRINGS = ["U.S.", "Mr.", "no. 5", "\r\n", "```", "- ", "1. ", "From: ", "12:00:00 ", "| a | b |", "://", "The ", "\n>"]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from([*CHARACTERS, *STRINGS]), max_size=60).map("".join))


@given(TEXTS)
def test_every_word_lies_in_exactly_one_sentence(text: str) -> None:
    sentences = find_sentences(text)
    found = [w for s in sentences for w in find_words(text, s.start, s.end)]
    assert [(w.start, w.end) for w in found] == [(w.start, w.end) for w in find_words(text)]


@given(TEXTS)
def test_sentences_are_ordered_trimmed_and_hold_words(text: str) -> None:
    position, paragraph = 0, 0
    for sentence in find_sentences(text):
        assert position <= sentence.start <= sentence.body_start <= sentence.end <= len(text)
        assert text[sentence.start : sentence.end] == text[sentence.start : sentence.end].strip()
        assert find_words(text, sentence.start, sentence.end)
        assert sentence.paragraph >= paragraph
        position, paragraph = sentence.end, sentence.paragraph
