"""The table of engines, in text, Markdown and JSON."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from briefd_build.bench.engines_measuring import EngineMeasurement, EnginesOutcome
from briefd_build.bench.engines_report import EnginesReport
from briefd_build.bench.turns import Absence


def measurement(name: str, threads: int, ms: float, difference: float | None = 1e-5) -> EngineMeasurement:
    samples = {"128 pieces": [ms] * 19 + [3 * ms]}
    return EngineMeasurement(name, f"note of {name}", threads, 0.25, 200_000_000, 250_000_000, difference, samples)


@pytest.fixture
def report() -> EnginesReport:
    measured = [
        measurement("PyTorch eager float32", 1, 10.0),
        measurement("ONNX Runtime int8", 1, 2.5, 0.0),
        measurement("PyTorch eager float32", 2, 8.0),
        measurement("ONNX Runtime int8", 2, 2.0, None),
    ]
    absences = [Absence("OpenVINO float32", "openvino is not installed (pip install 'briefd[bench]')")]
    return EnginesReport("tiny-en", "sha256:0", "A Processor x 2", "ONNX Runtime", EnginesOutcome(measured, absences))


def test_markdown_gives_times_ratios_loading_memory_and_difference(report: EnginesReport) -> None:
    lines = report.to_markdown().splitlines()
    assert lines[0] == "tiny-en: medians of interleaved rounds, A Processor x 2"
    assert lines[2] == "|  | threads | 128 pieces ms | 128 pieces p95 ms | load s | MB | peak MB | differs |"
    assert lines[4] == "| PyTorch eager float32 | 1 | 10.00 (1.00) | 11.00 | 0.25 | 200 | 250 | 1e-05 |"
    assert lines[5] == "| ONNX Runtime int8 | 1 | 2.50 (0.25) | 2.75 | 0.25 | 200 | 250 | 0 |"
    # Each is compared with the first row on as many threads.
    assert lines[7] == "| ONNX Runtime int8 | 2 | 2.00 (0.25) | 2.20 | 0.25 | 200 | 250 | ? |"
    assert "- OpenVINO float32: absent, openvino is not installed (pip install 'briefd[bench]')." in lines
    assert "- ONNX Runtime int8: note of ONNX Runtime int8." in lines


def test_columns_of_two_steps_can_be_told_apart() -> None:
    samples = {"prompt of 128": [20.0], "one token": [2.0]}
    measured = [EngineMeasurement("ONNX Runtime float32", "", 1, 0.25, 200_000_000, 250_000_000, 0.0, samples)]
    report = EnginesReport("tiny-lm", "sha256:0", "A Processor x 2", "ONNX Runtime", EnginesOutcome(measured, []))
    headings = report.to_markdown().splitlines()[2]
    assert "| prompt of 128 ms | prompt of 128 p95 ms | one token ms | one token p95 ms |" in headings
    written = io.StringIO()
    Console(width=80, file=written).print(report.render())
    assert "…" not in written.getvalue().partition("In brackets")[0]


def test_the_table_on_a_terminal_is_whole_in_80_columns(report: EnginesReport) -> None:
    written = io.StringIO()
    Console(width=80, file=written).print(report.render())
    table, _, notes = written.getvalue().partition("In brackets")
    assert "briefd[bench]" in notes
    assert "…" not in table
    assert all(part in table for part in ("PyTorch eager float32", "2.50 (0.25)", "2.75", "1e-05"))


def test_json_keeps_every_time(report: EnginesReport) -> None:
    content = json.loads(json.dumps(report.to_json()))
    assert content["outcome"]["measurements"][0]["samples_ms"]["128 pieces"] == [10.0] * 19 + [30.0]
    assert content["outcome"]["absences"][0]["name"] == "OpenVINO float32"
    assert content["digest"] == "sha256:0"
    assert content["versions"]["onnxruntime"]
