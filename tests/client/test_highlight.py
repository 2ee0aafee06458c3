from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_client import Span
from briefd_client.cli.highlight import bracketed, emphasized, highlight


def spans(*pairs: tuple[int, int]) -> list[Span]:
    return [Span(start, end) for start, end in pairs]


@pytest.mark.parametrize(
    ("text", "kept", "shown"),
    [
        ("The cat sat.", [(0, 3), (4, 7)], "[[The cat]] sat."),
        ("The cat sat.", [(4, 7)], "The [[cat]] sat."),
        ("The cat sat.", [(0, 3), (8, 11)], "[[The]] cat [[sat]]."),
        ("The\ncat sat.", [(0, 3), (4, 7)], "[[The]]\n[[cat]] sat."),
        ("The, cat", [(0, 3), (5, 8)], "[[The]], [[cat]]"),
        ("The   cat", [(0, 3), (6, 9)], "[[The   cat]]"),
        ("🙂 naïve 👩‍🚀 café", [(2, 7), (12, 16)], "🙂 [[naïve]] 👩‍🚀 [[café]]"),
        ("\ufeffmark", [(1, 5)], "\ufeff[[mark]]"),
        ("nothing kept", [], "nothing kept"),
        ("all", [(0, 3)], "[[all]]"),
    ],
)
def test_kept_words_are_marked(text, kept, shown):
    assert highlight(text, spans(*kept), mark=bracketed) == shown


def test_a_terminal_gets_bold_and_reverse():
    assert click.unstyle(emphasized("kept")) == "kept"
    assert emphasized("kept") == "\x1b[1m\x1b[7mkept\x1b[0m"


@st.composite
def texts_with_spans(draw):
    text = draw(st.text(min_size=1))
    bounds = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)))
    return text, spans(*zip(bounds[::2], bounds[1::2], strict=False))


@given(texts_with_spans())
def test_marks_are_all_that_is_added_and_every_kept_character_is_inside_one(case):
    text, kept = case
    inside: list[str] = []
    outside: list[str] = []
    shown = highlight(
        text,
        kept,
        mark=lambda part: inside.append(part) or part,
        plain=lambda part: outside.append(part) or part,
    )
    assert shown == text
    unmarked = sum(len(part) for part in outside)
    kept_characters = {position for span in kept for position in range(span.start, span.end)}
    assert len(text) - unmarked >= len(kept_characters)
    assert "".join(inside).replace(" ", "") == "".join(text[at] for at in sorted(kept_characters)).replace(" ", "")
