"""Lines that govern what follows: which of them bind it, and which only name a subject."""

from __future__ import annotations

import pytest
from sentence_readings import read_annotated

from briefd_server.engines.extractive.leads import find_leads
from briefd_server.engines.extractive.prepare import prepare
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.roles import read_roles

ROLES = read_roles("en")


def leads_of(text: str) -> list[tuple[str, str | None]]:
    """Find for every sentence of a text, by its first word, the first word of what governs it."""
    sentences = prepare(text, 1)
    words = [[text[word.start : word.end] for word in sentence.words] for sentence in sentences]
    leads = find_leads(text, sentences, [reading_of(each) for each in words], ROLES)
    return [(each[0], None if lead is None else words[lead][0]) for each, lead in zip(words, leads, strict=True)]


def reading_of(words: list[str]) -> SentenceReading:
    return read_annotated(" ".join(f"{word}/0/{'dep' if number else 'root'}/X" for number, word in enumerate(words)))


ITEMS = "\n\n- Open the red valve of the pump.\n- Remove the cover of the old fan.\n"


@pytest.mark.parametrize("lead", ["Never do this:", "If the lamp turns red:", "On Mondays:"])
def test_a_line_that_ends_in_a_colon_governs_the_items_below_it(lead: str) -> None:
    first = lead.split(maxsplit=1)[0]
    assert leads_of(lead + ITEMS) == [(first, None), ("Open", first), ("Remove", first)]


@pytest.mark.parametrize("heading", ["# Rejected ideas", "# Not to be done", "# Mistakes"])
def test_a_heading_that_turns_what_it_governs_binds_it(heading: str) -> None:
    first = heading.split()[1]
    assert leads_of(heading + ITEMS) == [(first, None), ("Open", first), ("Remove", first)]


@pytest.mark.parametrize("heading", ["# Pumps", "# Tasks for Monday"])
def test_a_heading_that_names_a_subject_binds_nothing(heading: str) -> None:
    first = heading.split()[1]
    assert leads_of(heading + ITEMS) == [(first, None), ("Open", None), ("Remove", None)]


def test_what_stands_by_itself_is_governed_by_nothing() -> None:
    text = "The pump never stopped. The fan is old and loud."
    assert leads_of(text) == [("The", None), ("The", None)]
