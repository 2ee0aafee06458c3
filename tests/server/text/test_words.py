from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.text.words import blank_terminal_escapes, count_words, find_words

CHARACTERS = "aZ5 .,;:!?-—–…'\"’“”()[]{}<>/\\|*_`~#@&%$€°+=^\n\t\r\xa0。，、é我ت\u0301\u200b\ufeff"
STRINGS = ["\x1b[0m", "://", "U.S.", "Mr", "n't", "--", "...", "I", "'s", "x.y", "😀", "a b", "no."]
PIECES = st.sampled_from([*CHARACTERS, *STRINGS])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))


def cores(text: str) -> list[str]:
    return [text[word.start : word.end] for word in find_words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n\t ", []),
        ("... — -- * | > 😀 🎉", []),
        ("\ufeff\u200b\u200d", []),
        ("\u0301 \ufe0f", []),
        ("data-driven don't $1.65 and/or 3.5 2024-05-01T10:00", "data-driven don't $1.65 and/or 3.5 2024-05-01T10:00"),
        ('He said, "Stop!" (twice).', "He said Stop twice"),
        ("**bold** _soft_ `code` >quoted | cell |", "bold soft code quoted cell"),
        ("Mr. J. Smith of the U.S. (Acme Inc.), etc.", "Mr. J. Smith of the U.S. Acme Inc. etc."),
        ("Meet at 4 p.m., e.g. Friday, Ph.D. in hand.", "Meet at 4 p.m. e.g. Friday Ph.D. in hand"),
        ("I said no. So did I. It ended.", "I said no So did I It ended"),
        ("and so on etc...", "and so on etc"),
        ("they 've had n't 'em in the '90s and ’08", "they 've had n't 'em in the '90s and ’08"),
        ("'quoted words' here", "quoted words here"),
        ("-5 -$5 −3 (-5) ~$30 ±2 ≤7 <5 >90% .5", "-5 -$5 −3 -5 ~$30 ±2 ≤7 <5 >90% .5"),
        ("--verbose -v - item -- 5", "verbose v item 5"),
        ("50% 21° °C C++ C# #42 @home AT&T €5 5€ R&D", "50% 21° °C C++ C# #42 @home AT&T €5 5€ R&D"),
        ("<joe@example.org>, (https://example.org/a--b/).", "joe@example.org https://example.org/a--b/"),
        ("see www.example.org, v2.3.1 and file.txt.", "see www.example.org v2.3.1 and file.txt"),
        ("/etc/hosts ~/notes ./run .env .NET .The", "/etc/hosts ~/notes ./run .env .NET The"),
        ("word(s) f(x), main() (s)he (see)", "word(s) f(x) main() (s)he see"),
        ("food—which was good—and yes--no wait...what", "food which was good and yes no wait what"),
        ("10--20 2010–2015 well-known", "10--20 2010–2015 well-known"),
        ("我喜欢你。他也是，对", "我喜欢你 他也是 对"),
        ("a\u200bb\u200b \u200ecafe\u0301\u200f", "a\u200bb cafe\u0301"),
        ("हिन्दी, ไทย", "हिन्दी ไทย"),
        ("\x1b[31mERROR\x1b[0m disk\x1b[1m full", "ERROR disk full"),
        ("\x1b]0;title\x07disk \x1b]8;;x\x1b\\full\x9b2K now \x1b]open", "disk full now open"),
    ],
)
def test_cores(text: str, expected: str | list[str]) -> None:
    assert cores(text) == (expected.split() if isinstance(expected, str) else expected)


def test_outer_range_holds_the_punctuation() -> None:
    (word,) = find_words('  ("Stop!"), ')
    assert (word.start, word.end, word.outer_start, word.outer_end) == (4, 8, 2, 12)


def test_glued_words_share_the_run_without_overlap() -> None:
    first, second = find_words("food—which")
    assert (first.outer_start, first.outer_end, second.outer_start, second.outer_end) == (0, 5, 5, 10)


def test_range_gives_offsets_of_the_whole_text() -> None:
    text = "one two three four"
    assert [text[w.start : w.end] for w in find_words(text, 4, 13)] == ["two", "three"]


@given(TEXTS)
def test_offsets_are_ordered_and_nested(text: str) -> None:
    position = 0
    for word in find_words(text):
        assert position <= word.outer_start <= word.start < word.end <= word.outer_end <= len(text)
        assert not any(c.isspace() for c in text[word.outer_start : word.outer_end])
        position = word.outer_end


@given(TEXTS)
def test_every_letter_and_digit_lies_in_a_core(text: str) -> None:
    covered = {i for word in find_words(text) for i in range(word.start, word.end)}
    plain = blank_terminal_escapes(text)
    assert all(i in covered for i, c in enumerate(plain) if c.isalnum())


@given(TEXTS)
def test_every_core_holds_a_letter_or_digit(text: str) -> None:
    assert all(any(c.isalnum() for c in core) for core in cores(text))


@given(TEXTS)
def test_a_core_read_again_is_itself(text: str) -> None:
    for core in cores(text):
        assert cores(core) == [core]


@given(TEXTS, st.text(" \n\t\u00a0"), st.text(" \r\n\u2003"))
def test_white_space_around_changes_nothing(text: str, before: str, after: str) -> None:
    assert cores(before + text + after) == cores(text)


@given(TEXTS)
def test_count_agrees(text: str) -> None:
    assert count_words(text) == len(find_words(text))


@given(st.lists(st.from_regex(r"[a-zA-Z]{1,8}", fullmatch=True)))
def test_plain_words_are_counted_as_split_does(words: list[str]) -> None:
    assert count_words(" ".join(words)) == len(words)


@pytest.mark.parametrize(
    "unit", [".", "$", "-", "(", "a(", ")", "\u0301", "a\u0301", "a--b", "a-", "—", "a—", "'", "/", "://", ". ", "a "]
)
def test_time_grows_linearly(unit: str) -> None:
    def seconds(count: int) -> float:
        start = time.process_time()
        find_words(unit * count + "a")
        return time.process_time() - start

    seconds(1000)
    # The least of three: a collection of garbage, or a neighbour on the core, takes longer than the words do.
    large, small = (min(seconds(count) for _ in range(3)) for count in (80_000, 8_000))
    assert large < 40 * small + 0.05
