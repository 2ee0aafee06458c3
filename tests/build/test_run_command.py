"""`brief-build run` as a process: a tiny classifier is trained, pruned, quantized, measured and served."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_corpus import write_encoder
from toy_labels import write_toy_set

from briefd_build.reporting.record import read_record
from briefd_server.bundle import read_bundle
from briefd_server.engines import load_classifier
from briefd_server.engines.base import UnwatchedCall

RECIPE = """
name = "toy"
description = "good and bad news"
task = "classification"
[model]
source = "encoder"
window_pieces = 32
[data]
train = "texts.jsonl"
may_be_shown = true
[[stages]]
stage = "finetune"
name = "teacher"
epochs = 4
rate = 3e-3
[[stages]]
stage = "prune-structured"
feed_forward_share = 0.5
[[stages]]
stage = "quantize"
method = "dynamic"
[evaluation]
baseline = "teacher"
texts = 20
[gates]
size_bytes = 10
"""


def brief_build(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "COLUMNS": "120"}
    command = [sys.executable, "-m", "briefd_build.cli", *arguments]
    return subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("run")
    (directory / "toy.toml").write_text(RECIPE)
    write_encoder(directory / "encoder")
    write_toy_set(directory / "texts.jsonl")
    return directory


@pytest.mark.long
def test_a_recipe_is_run_and_its_bundle_served(workplace: Path) -> None:
    refused = brief_build(workplace, "run", "toy.toml", "--threads", "1")
    assert refused.returncode == 1, refused.stderr
    assert "Traceback" not in refused.stderr
    *_, gate, _, last = refused.stderr.strip().splitlines()
    assert gate.startswith("gate size_bytes fails: ")
    assert gate.endswith("10 is allowed at most")
    assert last == "brief-build: 1 of 1 gates fail; no bundle was written (--force writes it)"
    names = [line.split()[0] for line in refused.stdout.splitlines() if line[:1].isalpha()]
    assert names[:5] == ["stage", "source", "teacher", "prune-structured", "quantize"]
    report = workplace / "build/runs/toy"
    assert {"report.html", "report.md", "report.json"} <= {file.name for file in report.iterdir()}
    assert not (workplace / "build/bundles").exists()

    passed = brief_build(workplace, "run", "toy.toml", "--threads", "1", "--set", "gates.size_bytes=10_000_000")
    assert passed.returncode == 0, passed.stderr
    directory = workplace / "build/bundles/toy"
    record = read_record(directory)
    assert [stage.name for stage in record.stages] == ["source", "teacher", "prune-structured", "quantize"]
    before = json.loads((report / "report.json").read_text())["stages"]
    assert [stage["files_digest"] for stage in before] == [stage.files_digest for stage in record.stages]
    assert record.stages[1].quality["accuracy"].value > record.stages[0].quality["accuracy"].value
    assert record.stages[3].cost.file_bytes < record.stages[1].cost.file_bytes
    assert record.stages[2].cost.previous_p50_ms is not None
    assert record.pytorch is not None
    assert record.command.endswith("gates.size_bytes=10_000_000")
    bundle = read_bundle(directory)
    assert bundle.manifest.name == "toy"
    for variant in bundle.variants:
        found = load_classifier(bundle, variant, 1).classify("The old pump filled the tank.", UnwatchedCall())
        assert found.labels[0].name == "bad"

    other = brief_build(workplace, "run", "toy.toml", "--threads", "1", "--data", ".")
    assert other.stderr == (
        "brief-build: build/runs/toy holds the stages of another build (other data_directory); name another --build or "
        "remove it\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "toy"], "toy is neither a recipe that ships nor a file; choose among aggressive, "),
        (["run", "toy.toml", "--set", "sead=1"], "--set sead: there is no 'sead'; did you mean seed?"),
        (
            ["run", "balanced"],
            "balanced.toml is a preset and names no model: lay it on a recipe (brief-build run RECIPE --preset",
        ),
        (["run", "toy.toml", "--set", "teacher.rat=1"], "stages.teacher.rat is unknown; did you mean rate?"),
        (["recipes", "toyy"], "toyy is neither a recipe that ships nor a file"),
    ],
)
def test_a_mistake_is_one_line(workplace: Path, arguments: list[str], message: str) -> None:
    finished = brief_build(workplace, *arguments)
    assert finished.returncode == 1
    (line,) = finished.stderr.splitlines()
    assert line.startswith(f"brief-build: {message}")


def test_recipes_are_listed_and_printed(workplace: Path) -> None:
    listed = brief_build(workplace, "recipes")
    assert listed.returncode == 0
    assert {"default-en", "conservative", "balanced", "aggressive"} <= {
        line.split()[0] for line in listed.stdout.splitlines()
    }
    printed = brief_build(workplace, "recipes", "balanced").stdout
    (workplace / "mine.toml").write_text(printed)
    assert 'name = "balanced"' in printed
