"""The bench command: mistakes are one line, and a whole run on a tiny model."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest
from bench_contenders import CountingContender
from tiny_models import make_tiny_model

from briefd_build import cli
from briefd_build.bench import engines_running, running
from briefd_build.bench.engines_measuring import EnginesOutcome
from briefd_build.bench.engines_report import EnginesReport
from briefd_build.bench.torch_peers import TransformersFloat32
from briefd_build.generative import building
from briefd_server.bundle.finding import DEFAULT_BUNDLE, PACKAGED_DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["brief-build", "bench", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def last_line(text: str) -> str:
    assert "Traceback" not in text
    return text.strip().splitlines()[-1]


def test_help_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    assert "briefd[bench]" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--model", "./no-such-directory"], ["brief-build: ./no-such-directory is not a directory"]),
        (["--threads", "0"], ["Error: Invalid value for '--threads'"]),
        (["--engines", "--model", "any"], ["Error: --engines compares the graphs of a --bundle; leave --model out"]),
        (["--engines", "--bundle", "."], ["brief-build: ", "bundle.json"]),
        (["--text", "./no-such-file"], ["Error: Invalid value for '--text'"]),
        (["--json", "./no-such-directory/a.json"], ["Error: Invalid value for '--json'", "cannot be written; name a"]),
    ],
)
def test_wrong_arguments_are_one_line(
    arguments: list[str], parts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *arguments) != 0
    line = last_line(capsys.readouterr().err)
    assert all(part in line for part in parts)


def test_an_encoder_decoder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--model", str(make_tiny_model("t5", tmp_path / "t5"))) == 1
    assert "the bench compares causal models only" in last_line(capsys.readouterr().err)


@pytest.mark.parametrize(
    ("function", "message"),
    [("free_disk_bytes", "too little disk: the bench takes about"), ("free_memory_bytes", "too little memory: ")],
)
def test_a_full_machine_is_refused_before_anything_is_loaded(
    function: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model = make_tiny_model("gpt_neox", tmp_path / "model")
    monkeypatch.setattr(running, "list_variants", lambda *_: [])
    monkeypatch.setattr(running, function, lambda *_: 1)
    monkeypatch.setattr(running, "measure", lambda *_: pytest.fail("it was loaded"))
    assert run(monkeypatch, "--model", str(model), "--bundle", str(tmp_path)) == 1
    assert message in last_line(capsys.readouterr().err)


@pytest.mark.long
def test_a_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    model = make_tiny_model("gpt_neox", tmp_path / "model")
    report = tmp_path / "report.json"
    built = []
    monkeypatch.setattr(building, "build_generative", lambda *given: built.append(given[:2]))
    monkeypatch.setattr(running, "list_variants", lambda *_: [])
    absent = CountingContender("llama.cpp Q8_0", tmp_path / "log", fails="prepare")
    monkeypatch.setattr(running, "list_peers", lambda directory, _: [TransformersFloat32(directory), absent])
    monkeypatch.setattr(running, "NEW_TOKEN_COUNTS", (2, 4))
    monkeypatch.setattr(running, "PROMPT_TOKENS", 16)
    arguments = ["--model", str(model), "--threads", "1", "--rounds", "1", "--markdown", "--json", str(report)]
    assert run(monkeypatch, *arguments) == 0
    assert [(given, bundle.name) for given, bundle in built] == [(str(model), "bundle")]
    out = capsys.readouterr().out
    assert "| transformers float32 | 1 | " in out
    assert "- llama.cpp Q8_0: absent, it is not installed." in out
    outcome = json.loads(report.read_text())["outcome"]
    assert [(one["name"], one["agreement"]) for one in outcome["measurements"]] == [("transformers float32", 1)]
    assert [absence["name"] for absence in outcome["absences"]] == ["llama.cpp Q8_0"]


def test_engines_of_a_bundle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = []

    def run_engines(*arguments: object) -> EnginesReport:
        given.append(arguments[:4])
        return EnginesReport("tiny", "sha256:0", "A Processor", "ONNX Runtime", EnginesOutcome([], []))

    monkeypatch.setattr(engines_running, "run_engines", run_engines)
    assert run(monkeypatch, "--engines", "--threads", "2", "--threads", "1", "--rounds", "3", "--markdown") == 0
    assert given == [(PACKAGED_DIRECTORY / DEFAULT_BUNDLE, None, 3, [1, 2])]
    assert capsys.readouterr().out.startswith("tiny: medians of interleaved rounds, A Processor\n")


def test_all_peers_are_listed_and_transformers_is_the_reference(tmp_path: Path) -> None:
    assert [contender.name for contender in running.list_peers(tmp_path, tmp_path)] == [
        "transformers float32",
        "PyTorch dynamic INT8",
        "CTranslate2 int8",
        "llama.cpp F32",
        "llama.cpp Q8_0",
        "llama.cpp Q4_0",
    ]
