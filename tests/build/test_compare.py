"""Two bundles side by side: what is measured, what is said of it, and what is refused."""

from __future__ import annotations

import dataclasses
import json
import math
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bundle_factory import make_bundle
from run_records import make_cost, make_record
from tiny_classifier import make_classifier_bundle, make_graph

from briefd_build import cli
from briefd_build.errors import BuildError
from briefd_build.pipeline.results import Disagreement
from briefd_build.reporting import comparing, record_to_json
from briefd_build.reporting.comparing import Comparison, Side, compare_bundles
from briefd_build.reporting.comparison_report import comparison_report, comparison_to_json, sentences, write_comparison
from briefd_build.reporting.texts import read_texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.pipeline.model import Report
    from briefd_build.pipeline.results import Cost

TEXTS = ["this is good", "this is bad", "good and bad and bad", "fine"]


def make_side(name: str, **changes: Any) -> Side:
    side = Side(
        name=name,
        directory=f"build/{name}",
        digest="sha256:" + "0" * 64,
        engine="generative",
        variant="optimized",
        language="en",
        license="Apache-2.0",
        cost=make_cost(),
        record=None,
    )
    return dataclasses.replace(side, **changes)


def make_comparison(**changes: Any) -> Comparison:
    faster = make_cost(file_bytes=70_400_000, p50_ms=91.0, rss_bytes=400_000_000, joules=2.84)
    comparison = Comparison(
        task="summarize",
        first=make_side("large"),
        second=make_side("small", cost=faster),
        agreement=0.75,
        text_count=4,
        thread_count=1,
        disagreements=[Disagreement("a text", "", "one", "other")],
        environment={"processor": "a processor"},
    )
    return dataclasses.replace(comparison, **changes)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """Replace measuring, which takes a minute, by figures of which the second bundle's are half."""
    calls: list[tuple[str, str | None]] = []

    def measure_cost(bundle: Path, previous: Path | None, texts: Sequence[str], threads: int, report: Report) -> Cost:
        calls.append((bundle.name, previous and previous.name))
        report("timing", 0.5)
        return make_cost(p50_ms=50.0, previous_p50_ms=100.0) if previous else make_cost(p50_ms=180.0)

    monkeypatch.setattr(comparing, "measure_cost", measure_cost)
    return calls


def test_the_answers_of_two_bundles_are_compared(tmp_path: Path, measured: list[tuple[str, str | None]]) -> None:
    first = make_classifier_bundle(tmp_path / "first")
    second = make_classifier_bundle(tmp_path / "second", {"optimized.onnx": make_graph(-12.0)})
    told: list[float] = []
    found = compare_bundles(first, second, TEXTS, 1, lambda _, done: told.append(done))
    assert measured == [("first", "second"), ("second", "first")]
    assert found.task == "classify"
    assert found.text_count == 4
    assert 0 < len(found.disagreements) <= 4
    assert found.agreement == 1 - len(found.disagreements) / 4
    assert found.disagreements[0].baseline == "positive"
    assert found.disagreements[0].optimized != "positive"
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1


def test_the_times_are_those_taken_turn_about(tmp_path: Path, measured: list[tuple[str, str | None]]) -> None:
    bundle = make_classifier_bundle(tmp_path / "one")
    found = compare_bundles(bundle, bundle, TEXTS, 1, lambda *_: None)
    assert (found.first.cost.p50_ms, found.second.cost.p50_ms) == (100.0, 50.0)
    assert found.agreement == 1
    assert found.disagreements == []


def test_another_task_is_refused(tmp_path: Path, measured: list[tuple[str, str | None]]) -> None:
    first, second = make_bundle(tmp_path / "first"), make_classifier_bundle(tmp_path / "second")
    with pytest.raises(BuildError, match=r"first is there to summarize .*second to classify .*of one task"):
        compare_bundles(first, second, TEXTS, 1, lambda *_: None)
    assert measured == []


def test_other_labels_are_refused(tmp_path: Path, measured: list[tuple[str, str | None]]) -> None:
    first = make_classifier_bundle(tmp_path / "first")
    parameters = {"labels": ["a", "b", "c"], "pad_id": 0}
    second = make_classifier_bundle(tmp_path / "second", engine_parameters=parameters)
    with pytest.raises(BuildError, match="different labels"):
        compare_bundles(first, second, TEXTS, 1, lambda *_: None)
    assert measured == []


def test_the_better_one_is_marked() -> None:
    table = comparison_report(make_comparison()).tables[0]
    rows = {row.cells[0].text: row.cells[1:] for row in table.rows}
    assert [cell.tone for cell in rows["Files"]] == ["", "good", ""]
    assert "better" in rows["Files"][1].detail
    assert [cell.tone for cell in rows["Energy a call"]] == ["good", "", ""]
    assert [cell.tone for cell in rows["Memory"]] == ["", "", ""]  # 1 % is noise
    assert rows["p50"][2].text.startswith("0.50")


def test_it_is_said_in_words() -> None:
    said = " ".join(sentences(make_comparison())).replace("\N{NO-BREAK SPACE}", " ")
    assert "B (small) is 75 % smaller and 2 times as fast" in said
    assert "100 % more energy a call (estimated) against A (large), on 1 thread." in said
    assert "same answer to 75.0 % of 4 texts" in said


def test_quality_comes_from_both_records() -> None:
    record = make_record()
    better = dataclasses.replace(record.stages[-1], quality=record.stages[-1].quality | {})
    better.quality["rouge_l"] = dataclasses.replace(better.quality["rouge_l"], value=0.5, low=0.48, high=0.52)
    second = make_record(stages=[*record.stages[:-1], better])
    comparison = make_comparison(first=make_side("a", record=record), second=make_side("b", record=second))
    report = comparison_report(comparison)
    rows = {row.cells[0].text: row.cells[1:] for row in report.tables[1].rows}
    assert [cell.tone for cell in rows["ROUGE-L"]] == ["", "good", ""]
    assert [cell.tone for cell in rows["Word F1"]] == ["", "", ""]
    assert rows["ROUGE-L"][2].text == "+20.5"
    assert report.figures[0].key == "quality"
    other = make_side("b", record=dataclasses.replace(second, evaluation={"other": 10}))
    report = comparison_report(dataclasses.replace(comparison, second=other))
    assert not any(cell.tone for row in report.tables[1].rows for cell in row.cells)
    assert "different sets" in report.tables[1].notes[0]


def test_bundles_without_a_record_have_no_quality() -> None:
    report = comparison_report(make_comparison())
    assert len(report.tables) == 1
    assert [figure.key for figure in report.figures] == ["files", "memory", "energy", "time"]


def test_the_three_files_hold_it(tmp_path: Path) -> None:
    nothing = make_cost(file_bytes=0, p50_ms=math.nan, rss_bytes=None, rss_peak_bytes=None, joules=None, macs=None)
    comparison = make_comparison(second=make_side("<script>\u202e", cost=nothing))
    page, markdown, document = write_comparison(comparison, tmp_path / "out")
    html = page.read_text(encoding="utf-8")
    assert "<script" not in html
    assert "\u202e" not in html
    assert html.count("<svg") == 4
    assert "75.0 %" in markdown.read_text(encoding="utf-8")
    assert json.loads(document.read_text(encoding="utf-8")) == comparison_to_json(comparison)
    assert not re.search(r"\bnan\b", html + document.read_text(encoding="utf-8"), re.IGNORECASE)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["brief-build", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.long
def test_the_command_measures_for_real(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = make_classifier_bundle(tmp_path / "one")
    texts, figures, out = tmp_path / "texts.txt", tmp_path / "figures.json", tmp_path / "out"
    texts.write_text("\n".join(TEXTS), encoding="utf-8")
    options = ["--texts", texts, "--threads", "1", "--json", figures, "--out", out]
    assert run(monkeypatch, "compare", bundle, bundle, *options) == 0
    content = json.loads(figures.read_text(encoding="utf-8"))
    assert content["agreement"] == 1
    assert content["first"]["cost"]["file_bytes"] == content["second"]["cost"]["file_bytes"] > 0
    assert content["second"]["cost"]["previous_p50_ms"] == content["first"]["cost"]["p50_ms"] > 0
    assert sorted(each.name for each in out.iterdir()) == ["report.html", "report.json", "report.md"]
    assert "same answer to 100.0 % of 4 texts" in " ".join(capsys.readouterr().out.split())


def test_the_command_reports_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = make_bundle(tmp_path / "made", evaluation={"pipeline": record_to_json(make_record())})
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "report", bundle) == 0
    assert (tmp_path / "made-report" / "report.html").is_file()
    assert "Against its baseline, " in " ".join(capsys.readouterr().out.split())


def test_the_command_says_what_makes_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "report", make_bundle(tmp_path / "bundle"), "--out", tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert error.startswith("brief-build: ")
    assert error.count("\n") == 1
    assert "brief-build run RECIPE" in error
    assert not (tmp_path / "out").exists()


def test_texts_are_read_a_line_each(tmp_path: Path) -> None:
    plain, lines = tmp_path / "a.txt", tmp_path / "a.jsonl"
    plain.write_bytes("\ufeffone text\r\n\r\n  another\u2028line \n".encode())
    lines.write_text('{"text": "one\\ntext", "label": 3}\n\n', encoding="utf-8")
    assert read_texts(plain) == ["one text", "another\u2028line"]
    assert read_texts(lines) == ["one\ntext"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "holds no texts"),
        ("a.txt", b"a word\n...\n", "line 2: no word is in it"),
        ("a.txt", b"a\0b", "line 1: a NUL character"),
        ("a.txt", b"\xff\xfe", "not UTF-8"),
        ("a.jsonl", b"secret", "line 1: it is not valid JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1: it is not valid JSON"),
        ("a.jsonl", b'{"text": 3}', "line 1: it has no text"),
        ("a.jsonl", b'["text"]', "line 1: it is not a JSON object"),
        ("a.jsonl", b'{"text": "a \\ud800"}', "line 1: half of a surrogate pair"),
    ],
)
def test_what_is_no_text_is_one_line_without_the_text(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildError, match=re.escape(said)) as refusal:
        read_texts(tmp_path / name)
    assert "secret" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_texts_that_are_not_there_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="cannot be read"):
        read_texts(tmp_path / "none.txt")
