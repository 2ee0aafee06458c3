"""The texts that we wrote: each mark really stands in its text, and no text comes twice."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import briefd_build

PACKAGE = Path(briefd_build.__file__).parent
REVERSALS = PACKAGE / "evaluation" / "data" / "reversals-en.jsonl"
READING = PACKAGE / "evaluation" / "data" / "reading-en.jsonl"
MESSAGES = PACKAGE / "corpora" / "data" / "messages-en.jsonl"


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def holds(text: str, phrase: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


def holds_one_of(text: str, alternatives: list[list[str]]) -> bool:
    return any(all(holds(text, phrase) for phrase in alternative) for alternative in alternatives)


@pytest.mark.parametrize("path", [REVERSALS, READING, MESSAGES], ids=lambda path: path.stem)
def test_no_text_and_no_id_comes_twice(path: Path) -> None:
    rows = read(path)
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({" ".join(row["text"].lower().split()) for row in rows}) == len(rows)


def test_every_phrase_of_a_reversal_stands_in_its_text() -> None:
    for row in read(REVERSALS):
        for alternative in row["statement"] + row["keep"]:
            assert all(holds(row["text"], phrase) for phrase in alternative), row["id"]


def test_no_statement_holds_by_itself_what_must_be_kept() -> None:
    for row in read(REVERSALS):
        for statement in row["statement"]:
            assert not holds_one_of(" … ".join(statement), row["keep"]), row["id"]


def test_reversals_are_many_and_of_many_kinds() -> None:
    kinds = Counter(row["kind"] for row in read(REVERSALS))
    assert sum(kinds.values()) >= 300
    assert max(kinds.values()) <= 12


def test_every_wanted_sentence_stands_in_its_message_once() -> None:
    for row in read(MESSAGES):
        assert 1 <= len(row["wanted"]) <= 3, row["id"]
        assert all(row["text"].count(sentence) == 1 for sentence in row["wanted"]), row["id"]


def test_texts_kept_for_reading_are_not_among_the_messages() -> None:
    seen = {
        tuple(words[at : at + 6])
        for row in read(MESSAGES)
        for words in [row["text"].split()]
        for at in range(len(words) - 5)
    }
    for row in read(READING):
        words = row["text"].split()
        assert sum(tuple(words[at : at + 6]) in seen for at in range(len(words) - 5)) <= 2, row["id"]
