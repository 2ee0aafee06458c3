from __future__ import annotations

import re

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_client import Polarity, Span, WordChoice
from briefd_client.cli.explanation import explanation_table
from briefd_client.cli.terminal import Terminal

PIPE = Terminal(takes_answers=False, takes_progress=False, shows_styles=False)
SCREEN = Terminal(takes_answers=True, takes_progress=False, shows_styles=True)
PLAIN_SCREEN = Terminal(takes_answers=True, takes_progress=False, shows_styles=False)
TEXT = "No pump in hall 3 stopped"
EXPLANATION = (
    WordChoice(Span(0, 2), kept=True, rule="negation", polarity=Polarity.DOWN, serves=Span(18, 25)),
    WordChoice(Span(3, 7), kept=True, rule="argument", polarity=None, serves=Span(18, 25)),
    WordChoice(Span(8, 10), kept=False, rule="price:case", polarity=Polarity.UP, serves=None),
    WordChoice(Span(11, 15), kept=False, rule="price:nmod", polarity=Polarity.NONE, serves=None),
    WordChoice(Span(18, 25), kept=True, rule="root", polarity=None, serves=None),
)
TABLE = """\
word              rule        why
No       kept     negation    serves "stopped"; less claims more here
pump     kept     argument    serves "stopped"
in       dropped  price:case  less is still true here
hall     dropped  price:nmod  less need not be true here
stopped  kept     root"""


@pytest.mark.parametrize("terminal", [PIPE, PLAIN_SCREEN])
def test_a_line_tells_a_word_and_why(terminal):
    assert explanation_table(TEXT, EXPLANATION, terminal) == TABLE


def test_kept_words_are_styled_on_a_terminal():
    shown = explanation_table(TEXT, EXPLANATION, SCREEN)
    assert click.unstyle(shown) == TABLE
    assert re.findall(r"\x1b\[1m\x1b\[7m(.*?)\x1b\[0m", shown) == ["No", "pump", "stopped"]


def test_a_model_that_cannot_tell_says_so():
    assert explanation_table(TEXT, (), PIPE) == "no explanation: the model that answered gives none"


def test_a_long_word_is_shortened_and_a_broken_one_is_on_one_line():
    text = "a" * 30 + " won\nder"
    choices = [
        WordChoice(Span(0, 30), kept=True, rule="root", polarity=None, serves=None),
        WordChoice(Span(31, 38), kept=True, rule="root", polarity=None, serves=None),
    ]
    assert explanation_table(text, choices, PIPE).splitlines()[1:] == [
        "a" * 23 + "…  kept  root",
        "won der".ljust(24) + "  kept  root",
    ]


@given(st.text(min_size=1), st.text(min_size=1, max_size=10), st.booleans())
def test_no_text_and_no_rule_steers_a_terminal_or_breaks_a_line(text, rule, kept):
    choice = WordChoice(Span(0, len(text)), kept=kept, rule=rule, polarity=Polarity.UP, serves=Span(0, len(text)))
    shown = click.unstyle(explanation_table(text, [choice], SCREEN))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown)
    assert shown.count("\n") == 1
