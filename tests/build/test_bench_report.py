"""The bench's table, Markdown and JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from briefd_build.bench.measuring import Measurement, Outcome
from briefd_build.bench.report import Report
from briefd_build.bench.turns import Absence


def measurement(name: str, threads: int, short_ms: float, long_ms: float) -> Measurement:
    return Measurement(
        name, f"note of {name}", threads, {20: short_ms, 48: long_ms}, 12.5, 1.25, 0.985, 250_000_000, 200_000_000,
        {20: [short_ms] * 7, 48: [long_ms] * 7},
    )  # fmt: skip


@pytest.fixture
def report() -> Report:
    measured = [
        measurement("transformers float32", 1, 250.0, 500.0),
        measurement("llama.cpp Q8_0", 1, 100.0, 200.0),
        measurement("llama.cpp Q8_0", 2, 60.0, 120.0),
        measurement("briefd int8", 2, 45.0, 60.0),
    ]
    absences = [Absence("CTranslate2 int8", "ctranslate2 is not installed")]
    return Report("a-model", 128, 768, "A Processor x 2", Outcome(measured, absences))


def test_markdown_gives_times_ratios_phases_memory_and_agreement(report: Report) -> None:
    lines = report.to_markdown().splitlines()
    assert lines[0] == "a-model: medians of 7 interleaved rounds, A Processor x 2"
    assert lines[2] == "|  | threads | 128+20 ms | 128+48 ms | prompt ms | ms/token | peak MB | agrees |"
    assert lines[4] == "| transformers float32 | 1 | 250.0 (2.50) | 500.0 (2.50) | 12.5 | 1.25 | 250 | 98.5 % |"
    # Each is compared with the reference on as many threads.
    assert lines[7] == "| briefd int8 | 2 | 45.0 (0.75) | 60.0 (0.50) | 12.5 | 1.25 | 250 | 98.5 % |"
    assert "- In brackets: times as long as llama.cpp Q8_0 on as many threads." in lines
    assert "- CTranslate2 int8: absent, ctranslate2 is not installed." in lines
    assert "- llama.cpp Q8_0: note of llama.cpp Q8_0." in lines


def test_what_is_said_of_several_is_said_once(report: Report) -> None:
    for one in report.outcome.measurements[1:]:
        one.note = "the same"
    report.outcome.absences.append(Absence("another", "ctranslate2 is not installed"))
    lines = report.to_markdown().splitlines()
    assert "- llama.cpp Q8_0, briefd int8: the same." in lines
    assert "- CTranslate2 int8, another: absent, ctranslate2 is not installed." in lines


def test_without_llama_cpp_transformers_is_the_measure(report: Report) -> None:
    short = Report("a-model", 128, 768, "", Outcome(report.outcome.measurements[:1], []))
    assert "| 250.0 (1.00) |" in short.to_markdown()
    assert "times as long as transformers float32" in short.to_markdown()


def test_the_table_on_a_terminal_holds_the_same_figures(report: Report) -> None:
    written = io.StringIO()
    Console(width=160, file=written).print(report.render())
    text = written.getvalue()
    assert "45.0 (0.75)" in text
    assert "CTranslate2 int8: absent, ctranslate2 is not installed." in text


def test_names_and_figures_are_whole_in_80_columns(report: Report) -> None:
    report.outcome.measurements.append(measurement("briefd int8-shortlist", 2, 1234.5, 2345.6))
    report.outcome.measurements.append(measurement("PyTorch dynamic INT8", 2, 1234.5, 2345.6))
    written = io.StringIO()
    Console(width=80, file=written).print(report.render())
    table = written.getvalue().partition("In brackets")[0]
    assert "…" not in table
    assert all(name in table for name in ("transformers float32", "briefd int8-shortlist", "PyTorch dynamic INT8"))
    assert all(figure in table for figure in ("2345.6", "(19.55)", "98.5 %", "128+48", "threads"))


def test_json_keeps_every_round(report: Report) -> None:
    content = json.loads(json.dumps(report.to_json()))
    first = content["outcome"]["measurements"][0]
    assert first["samples_ms"]["20"] == [250.0] * 7
    assert first["thread_count"] == 1
    assert content["outcome"]["absences"] == [{"name": "CTranslate2 int8", "reason": "ctranslate2 is not installed"}]
    assert content["versions"]["torch"]
