"""`brief-build evaluate` and the commands for reading, on the bundle that ships."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from tiny_corpus import write_corpus

from briefd_build.cli import cli
from briefd_build.cli.extractive import MEASURE_NAMES
from briefd_build.errors import BuildError
from briefd_build.evaluation import measures
from briefd_build.evaluation.cases import Case
from briefd_build.evaluation.reversals import parse_reversal

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

BUNDLE = str(resources.files("briefd_server") / "bundles" / "default-en")
TEXT = "The council bought a snow plough in May."
MAIL = (
    "Hi Ola, the boiler failed on Sunday night. The engineer comes on Tuesday at nine, so please keep the cellar open."
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, catch_exceptions=True)


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [
        Case("1", "news", "", TEXT, 3, 8, (TEXT,)),
        Case("2", "news", "R1", TEXT, 3, 8, ("Something else.",)),
    ]
    line = {"id": "1", "kind": "no", "text": TEXT, "statement": [["plough"]], "keep": [["no plough"]]}
    monkeypatch.setattr(measures, "read_cases", lambda language: cases if language == "en" else [])
    monkeypatch.setattr(measures, "read_reversals", lambda _language: [parse_reversal(line)])


def test_the_command_names_the_measures_that_there_are() -> None:
    assert tuple(measures.MEASURES) == tuple(measures.TITLES) == MEASURE_NAMES
    assert measures.OWN_TEXTS.issubset(MEASURE_NAMES)


@pytest.mark.usefixtures("few_texts")
def test_measures_are_taken_by_name_shown_and_written(tmp_path: Path) -> None:
    figures, examples = tmp_path / "figures.json", tmp_path / "examples.jsonl"
    written = ("--json", str(figures), "--examples", str(examples))
    result = run("evaluate", BUNDLE, "--only", "cases", "--threads", "1", "--show", "3", *written)
    assert result.exit_code == 0, result.output
    assert "50.0 %" in result.output
    assert "cause: R1" in result.output
    assert "Something else." in result.output
    share = json.loads(figures.read_text(encoding="utf-8"))["measures"]["cases"]["equal to a listed answer"]
    assert (share["count"], share["total"]) == (1, 2)
    assert [(each["id"], each["faults"]) for each in read_lines(examples)] == [("1", []), ("2", ["not listed"])]


@pytest.mark.usefixtures("few_texts")
def test_what_changed_is_told_with_its_texts(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier.jsonl"
    before = [("1", "Another.", ["not listed"]), ("2", "Something else.", []), ("9", "Gone.", [])]
    lines = [{"measure": "cases", "id": name, "given": given, "faults": faults} for name, given, faults in before]
    earlier.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    result = run("evaluate", BUNDLE, "--only", "cases", "--threads", "1", "--show", "1", "--against", str(earlier))
    assert result.exit_code == 0, result.output
    mended, broken = result.output.index(": mended\n1:"), result.output.index(": broken\n2:")
    assert "before: Another." in result.output[mended:broken]
    assert "before: Something else." in result.output[broken:]


@pytest.mark.usefixtures("few_texts")
def test_all_measures_are_taken_where_none_is_named(tmp_path: Path) -> None:
    write_corpus(tmp_path / "data")
    figures = tmp_path / "figures.json"
    run("evaluate", BUNDLE, "--data", str(tmp_path / "data"), "--threads", "1", "--json", str(figures))
    found = json.loads(figures.read_text(encoding="utf-8"))["measures"]
    assert tuple(found) == MEASURE_NAMES
    # The corpus has no sentence that is long enough to be judged, and three documents a held-out set.
    assert found["gold-trees"]["any fault"]["total"] == 0
    assert found["choice"]["nearest"]["total"] == 12
    assert found["attachment"]["word_count"] == 6 * 12 * 9
    assert found["lengths"]["words_in_order"] == 100
    assert found["compressions"]["broadcast text_count"] == 4


@pytest.mark.usefixtures("few_texts")
def test_a_reversal_ends_with_an_error_after_the_report() -> None:
    result = run("evaluate", BUNDLE, "--only", "reversals,cases", "--threads", "1")
    assert "100.0 %" in result.output
    assert isinstance(result.exception, BuildError)
    assert "1 of 1 answers reverse a statement" in str(result.exception)


def test_a_measure_that_is_none_is_refused() -> None:
    result = run("evaluate", BUNDLE, "--only", "cases,word-f1")
    assert result.exit_code == 2
    assert "there is no measure 'word-f1'; choose among gold-trees, cases" in " ".join(result.output.split())


def test_an_earlier_evaluation_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "1"}\n', encoding="utf-8")
    result = run("evaluate", BUNDLE, "--only", "cases", "--against", str(tmp_path / "x.jsonl"))
    assert isinstance(result.exception, BuildError)
    assert "line 1: it is no example of a measure" in str(result.exception)


def test_answers_become_a_sheet_and_a_tally(tmp_path: Path) -> None:
    texts, old, new = (tmp_path / f"{name}.jsonl" for name in ("texts", "old", "new"))
    lines = [{"id": "a", "genre": "news", "text": TEXT, "min": 3, "max": 8}, {"id": "b", "genre": "mail", "text": MAIL}]
    texts.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert run("answers", BUNDLE, str(texts), "--threads", "1", "--out", str(old)).exit_code == 0
    answers = read_lines(old)
    assert [each["genre"] for each in answers] == ["news", "mail"]
    assert answers[0]["given"] == TEXT
    answers[1]["given"] = "The boiler failed."
    new.write_text("".join(json.dumps(each) + "\n" for each in answers), encoding="utf-8")
    sheet, key, figures = tmp_path / "sheet.jsonl", tmp_path / "key.jsonl", tmp_path / "figures.json"
    made = run("sheet", str(old), str(new), "--out", str(sheet), "--key", str(key))
    assert "2 items" in made.output
    assert "1 of them with two answers" in made.output
    items = read_lines(sheet)
    for item in items:
        for marks in item["marks"].values():
            marks.update(grammatical="yes", faithful="yes", choice="best", self_contained="yes")
        if "second" in item:
            item["better"] = "same"
    sheet.write_text("".join(json.dumps(item) + "\n" for item in items), encoding="utf-8")
    result = run("tally", str(sheet), str(key), "--json", str(figures))
    assert result.exit_code == 0, result.output
    tallies = json.loads(figures.read_text(encoding="utf-8"))
    assert set(tallies) == {"all", "news", "mail"}
    assert tallies["all"]["shares"]["right"]["new"]["count"] == 2
    assert tallies["all"]["better"] == {"old": 0, "new": 0, "same": 2}
