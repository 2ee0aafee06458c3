"""From texts to a tally: what is recorded, laid out blind, judged and summed up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.errors import BuildError
from briefd_build.evaluation.recording import RecordedAnswer, read_answers, read_source_texts
from briefd_build.evaluation.sheets import MARKS, make_sheet
from briefd_build.evaluation.tally import read_judged, tally

if TYPE_CHECKING:
    from pathlib import Path


def write_lines(file: Path, records: list[Any]) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def recorded(answers: dict[str, str]) -> list[RecordedAnswer]:
    return [RecordedAnswer(name, name[0], f"text of {name}", given) for name, given in answers.items()]


OLD = recorded({"a1": "old one", "a2": "same", "b1": "old three", "b2": "old four"})
NEW = recorded({"b2": "new four", "a1": "new one", "a2": "same", "b1": "new three"})


def judge_item(item: dict[str, Any]) -> dict[str, Any]:
    """Judge as a reader would for whom what is new is right, and what is old broken."""
    for place, marks in item["marks"].items():
        is_old = item[place].startswith("old")
        marks.update(grammatical="broken" if is_old else "yes", faithful="loses" if is_old else "yes")
        marks.update(choice="poor" if is_old else "best", self_contained="yes")
    if "second" in item:
        item["better"] = "second" if item["first"].startswith("old") else "first"
    return item


@pytest.mark.parametrize("seed", range(6))
def test_whose_an_answer_is_comes_back_with_the_key(tmp_path: Path, seed: int) -> None:
    sheet = make_sheet(OLD, NEW, seed)
    judged = write_lines(tmp_path / "sheet.jsonl", [judge_item(item) for item in sheet.items])
    tallies = tally(read_judged(judged, write_lines(tmp_path / "key.jsonl", sheet.key)))
    assert set(tallies) == {"all", "a", "b"}
    assert tallies["all"].preferences == {"new": 3, "same": 1}
    assert tallies["b"].preferences == {"new": 2}
    counts = {name: (old.count, new.count, old.total) for name, (old, new) in tallies["all"].shares.items()}
    assert counts["right"] == counts["usable"] == counts["not broken"] == counts["best"] == (1, 4, 4)
    assert counts["loses"] == (3, 0, 4)
    assert counts["says something else"] == (0, 0, 4)
    assert counts["self-contained"] == (4, 4, 4)
    assert json.dumps(tallies["a"].to_json())


def test_the_sheet_says_nothing_of_whose_an_answer_is() -> None:
    sheet = make_sheet(recorded({"x": "p", "y": "q"}), recorded({"x": "p", "y": "r"}), 3)
    by_text = {item["text"]: item for item in sheet.items}
    assert set(by_text["text of x"]) == {"item", "text", "first", "marks"}
    assert set(by_text["text of y"]) == {"item", "text", "first", "second", "marks", "better"}
    assert {by_text["text of y"][place] for place in ("first", "second")} == {"q", "r"}
    assert all(set(marks) == set(MARKS) for item in sheet.items for marks in item["marks"].values())


@given(st.integers(0, 10_000))
def test_each_side_is_first_about_as_often(seed: int) -> None:
    old, new = (recorded({f"t{n}": side for n in range(200)}) for side in ("old", "new"))
    sheet = make_sheet(old, new, seed)
    assert 60 < sum(item["first"] == "old" for item in sheet.items) < 140
    assert all(item["first"] == key["first"] for item, key in zip(sheet.items, sheet.key, strict=True))
    assert sorted(key["id"] for key in sheet.key) == sorted(each.id for each in old)


def test_answers_to_other_texts_are_refused() -> None:
    with pytest.raises(BuildError, match="not to the same texts"):
        make_sheet(OLD, NEW[1:], 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"marks": {}}, "line 1: the marks of its first answer are lacking"),
        ({"marks": {"first": {"grammatical": "good"}}}, "grammatical must be one of yes, minor, broken"),
        ({"better": ""}, "better must be one of first, second, same"),
        ({"item": 9}, "has no such item"),
    ],
)
def test_what_a_reader_left_out_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    sheet = make_sheet(OLD[:1], NEW[1:2], 1)
    judged = write_lines(tmp_path / "sheet.jsonl", [judge_item(item) | change for item in sheet.items])
    with pytest.raises(BuildError, match=message):
        read_judged(judged, write_lines(tmp_path / "key.jsonl", sheet.key))


def test_a_sheet_must_be_judged_to_its_end(tmp_path: Path) -> None:
    sheet = make_sheet(OLD, NEW, 1)
    judged = write_lines(tmp_path / "sheet.jsonl", [judge_item(item) for item in sheet.items[1:]])
    with pytest.raises(BuildError, match="3 of 4 items"):
        read_judged(judged, write_lines(tmp_path / "key.jsonl", sheet.key))


def test_texts_have_ids_genres_and_lengths(tmp_path: Path) -> None:
    lines: list[Any] = [{"text": "One text."}, {"id": "n", "genre": "mail", "text": "Another.", "min": 3, "max": 20}]
    first, second = read_source_texts(write_lines(tmp_path / "texts.jsonl", lines))
    assert (first.id, first.genre, first.least, first.most) == ("1", "all", 10, 15)
    assert (second.id, second.genre, second.least, second.most) == ("n", "mail", 3, 20)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"text": "…"}, "no word"),
        ({"id": "x"}, "no text"),
        ({"text": "a b", "min": 5, "max": 3}, "min and max"),
        ({"text": "a b", "min": "5"}, "min and max"),
        ("text", "not a JSON object"),
    ],
)
def test_texts_that_are_none_are_refused(tmp_path: Path, line: Any, message: str) -> None:
    with pytest.raises(BuildError, match=rf"line 1: .*{message}"):
        read_source_texts(write_lines(tmp_path / "texts.jsonl", [line]))


def test_ids_are_told_apart(tmp_path: Path) -> None:
    answers = write_lines(tmp_path / "answers.jsonl", [each.to_json() for each in OLD])
    assert read_answers(answers) == OLD
    twice = write_lines(tmp_path / "twice.jsonl", [OLD[0].to_json(), OLD[0].to_json()])
    with pytest.raises(BuildError, match="comes twice"):
        read_answers(twice)
