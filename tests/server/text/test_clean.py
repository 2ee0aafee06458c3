# ruff: noqa: E501 - inputs as they come
"""Clean text and the way back from it to the characters that it came from."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefd_server.text.clean import CleanText, Edit
from briefd_server.text.formats import read_text
from briefd_server.text.words import count_words, find_words

# Beginnings, middles and ends of every format, to be put together in any way.
TOKENS = st.sampled_from(
    [
        *"the The pump stopped. stopped.The water.12 café cafÃ© isnâ€™t [1] [1,2] [citation_needed] (Lind,_2018) im- portant "
        "<p> </p> <b> </b> <br> <li> <td> <th> <table> <script> </script> <!-- --> <blockquote> &amp; &#39; &lt;p&gt; & < > "
        "**bold** *it* _it_ `code` [a](http://b.example) ![a](b) ~~x~~ ** * ` [ ] ( ) { } : , \" ' \\ \\u00e9 \\n \\ud83d "
        "=20 =C3=A9 = Ola: Note: > -- - # | --> 00:01:02,000 00:01 1 level=error msg=\"a_b\" \x1b[31m \x1b]0;t\x07 \x9d \x9b "
        "\x80 \x9c \xa0 é ³ ✅ \ufeff \xad \u200b".replace("_", " ").split(" "),
        *["\n", "\n\n", "\r\n", " ", "  ", "\t", "=\n", "-\n", "\n- ", "\n> ", "1\n00:00:01,000 --> 00:00:02,000\n", '{"a": "b c d e"}'],
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(TOKENS, max_size=40).map("".join), st.lists(TOKENS, max_size=40).map(" ".join))


def clean(source: str, *steps: list[Edit]) -> CleanText:
    text = CleanText(source)
    for edits in steps:
        text.apply(edits)
    return text


def slices(text: CleanText, word: str) -> list[str]:
    start = text.text.index(word)
    return [text.source[first:last] for first, last in text.source_ranges(start, start + len(word))]


def test_without_edits_a_text_is_itself() -> None:
    text = clean("The pump stopped.", [])
    assert text.text == text.source
    assert text.source_ranges(4, 16) == [(4, 16)]


@pytest.mark.parametrize(
    ("source", "edits", "word", "expected"),
    [
        ("a &amp;b c", [Edit(2, 7, "&")], "&b", "&amp;b"),
        ("x can&rsquo;t y", [Edit(5, 12, "’")], "can’t", "can&rsquo;t"),
        ("farm-\ners met", [Edit(4, 6)], "farmers", "farm-\ners"),
        ("**erases** all", [Edit(0, 2), Edit(8, 10)], "erases", "erases"),
        ("un<b>like</b>ly", [Edit(2, 5), Edit(9, 13)], "unlikely", "un<b>like</b>ly"),
        ("warm.The fan", [Edit(5, 5, " ")], "The", "The"),
    ],
)
def test_a_word_is_found_again(source: str, edits: list[Edit], word: str, expected: str) -> None:
    assert slices(clean(source, edits), word) == [expected]


def test_words_of_the_format_part_a_range() -> None:
    source = 'Read <a href="x y">the guide</a> now.'
    text = clean(source, [Edit(5, 19), Edit(28, 32)])
    assert text.text == "Read the guide now."
    assert slices(text, "Read the guide now") == ["Read", "the guide", "now"]


def test_steps_are_undone_one_after_the_other() -> None:
    text = clean("A &amp;amp; B<br>C", [Edit(2, 7, "&"), Edit(13, 17, "\n")], [Edit(2, 7, "&")])
    assert text.text == "A & B\nC"
    assert text.source_ranges(0, len(text.text)) == [(0, 1), (12, 13), (17, 18)]


@given(TEXTS)
@example('{"a": "\\ud83d\\ude00 b c d"}')
@example("<p>1\n00:00:01,000 --> 00:00:02,000\nA<br>b</p>")
def test_every_word_comes_from_a_place_of_its_own(source: str) -> None:
    text = read_text(source)
    position = 0
    for word in find_words(text.text):
        core = text.text[word.start : word.end]
        ((first, last),) = text.source_ranges(word.start, word.end)
        assert position <= first < last <= len(source)
        position = last
        written = source[first:last]
        assert written == core or len(written) != len(core), (written, core)


@given(TEXTS)
def test_words_stay_words(source: str) -> None:
    """A text that has a word has one when it was read: an answer is always possible."""
    assert (count_words(read_text(source).text) > 0) == (count_words(source) > 0)


@given(TEXTS, st.data())
def test_ranges_are_those_of_the_words_within(source: str, data: st.DataObject) -> None:
    text = read_text(source)
    words = find_words(text.text)
    if words:
        first = data.draw(st.integers(0, len(words) - 1))
        last = data.draw(st.integers(first, len(words) - 1))
        ranges = text.source_ranges(words[first].start, words[last].end)
        singles = [text.source_ranges(*word[:2])[0] for word in words[first : last + 1]]
        assert (ranges[0][0], ranges[-1][1]) == (singles[0][0], singles[-1][1])
        assert {start for start, _ in ranges} <= {start for start, _ in singles}
        assert {end for _, end in ranges} <= {end for _, end in singles}
