"""Runs of recipes: stages in order, what resuming does again and what not, gates, the report and the bundle."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_kind import FakeKind, FakeMeasuring, calls, write_fake_model
from run_records import make_record

from briefd_build.errors import BuildError
from briefd_build.pipeline import kinds, recipe_run
from briefd_build.pipeline.changing import set_values
from briefd_build.pipeline.model import Model
from briefd_build.pipeline.notes import compare_with_earlier, notes_of
from briefd_build.pipeline.recipe import parse_recipe
from briefd_build.pipeline.recipe_files import parse_toml
from briefd_build.pipeline.recipe_run import Order, Outcome, run_recipe
from briefd_build.pipeline.results import StageResult
from briefd_build.pipeline.seeding import stage_seed
from briefd_build.reporting.record import read_record
from briefd_server.bundle import read_bundle

RECIPE = """
name = "fake"
task = "classification"
[[stages]]
stage = "finetune"
name = "teacher"
epochs = 1
rate = 0.1
[[stages]]
stage = "distil"
teacher = "baseline"
epochs = 1
rate = 0.1
[[stages]]
stage = "finetune"
epochs = 1
rate = 0.1
tasks = ["generative"]
[evaluation]
baseline = "teacher"
[gates]
quality_points = 1.0
"""


def nowhere() -> Path:
    raise AssertionError("the fake kind needs no corpora")


def order(tmp_path: Path, *settings: str, forced: bool = False) -> Order:
    model = tmp_path / "model"
    if not model.exists():
        write_fake_model(model)
    table = set_values(parse_toml(RECIPE), (f"model.source={model}", *settings))
    return Order(
        parse_recipe(table, "fake.toml"),
        tmp_path / "out",
        tmp_path / "build",
        nowhere,
        1,
        forced,
        "brief-build run fake",
    )


def run(order: Order, shown: list[StageResult] | None = None) -> Outcome:
    rows = [] if shown is None else shown
    return run_recipe(order, FakeMeasuring(), lambda what, share: None, lambda row, leading: rows.append(row))


@pytest.fixture(autouse=True)
def fake_kind(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.setitem(kinds.KINDS, "classification", "fake_kind:FakeKind")
    if "report" not in request.node.name:
        # Drawing takes a second a run.
        monkeypatch.setattr(recipe_run, "write_reports", lambda record, folder: [])


def test_a_run_ends_with_a_bundle_its_record_and_the_report(tmp_path: Path) -> None:
    shown: list[StageResult] = []
    outcome = run(order(tmp_path), shown)
    assert [row.name for row in shown] == ["source", "teacher", "distil"]
    assert math.isnan(shown[0].agreement)
    assert [row.agreement for row in outcome.record.stages] == [0.0, 1.0, 0.0]
    assert not outcome.failing
    assert outcome.bundle == tmp_path / "out"
    assert {file.suffix for file in outcome.reports} == {".html", ".md", ".json"}
    assert all(file.parent == tmp_path / "build" for file in outcome.reports)
    bundle = read_bundle(tmp_path / "out")
    assert set(bundle.variants) == {"optimized", "baseline"}
    assert bundle.manifest.name == "fake"
    assert bundle.manifest.provenance["recipe"]["evaluation"] == {"baseline": "teacher"}
    record = read_record(tmp_path / "out")
    assert [stage.done for stage in record.stages] == [
        "opened, 16 parameters",
        "trained all weights for 1 epochs on the task's labels",
        "trained for 1 epochs, taught by baseline",
    ]
    assert record.stages[1].check == "outputs as PyTorch's"
    assert len(record.disagreements) == 8
    assert record.command == "brief-build run fake"
    assert any("Left out, as it is not for classification: finetune" in note for note in record.notes)


def test_a_run_that_is_done_is_not_done_again(tmp_path: Path) -> None:
    first = run(order(tmp_path))
    before = calls(tmp_path / "model")
    again = run(order(tmp_path))
    assert calls(tmp_path / "model") == before
    assert again.record.stages == first.record.stages
    assert any("left the same model files" in note for note in again.record.notes)


def test_a_stage_that_broke_is_done_again_and_those_before_it_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BuildError("it diverged")

    with monkeypatch.context() as patch:
        patch.setattr("fake_kind.FakeKind.add_baseline", fail)
        patch.setattr("briefd_build.pipeline.stages.distil.Distil.apply", fail)
        with pytest.raises(BuildError, match="distil: it diverged"):
            run(order(tmp_path))
    done = calls(tmp_path / "model")
    assert not (tmp_path / "out").exists()
    assert run(order(tmp_path)).bundle
    assert calls(tmp_path / "model")[len(done) :] == ["train", "finish", "save", "bundle", "answer"]


def test_resuming_gives_the_files_that_a_run_in_one_go_gives(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        outcome = run(order(folder))
        digests.append([row.files_digest for row in outcome.record.stages])
        for part in ("bundle", "cost.json", "model"):
            # Each a place where a run may have been stopped.
            stopped = folder / "build/02-distil" / part
            stopped.rename(stopped.with_name("gone")) if stopped.is_dir() else stopped.unlink()
            digests.append([row.files_digest for row in run(order(folder)).record.stages])
            _remove(stopped.with_name("gone"))
    assert all(each == digests[0] for each in digests)
    assert len(set(digests[0])) == 3


def _remove(folder: Path) -> None:
    for file in folder.iterdir() if folder.exists() else ():
        file.unlink()
    if folder.exists():
        folder.rmdir()


_PROGRAM = """
import sys
sys.path[:0] = {paths!r}
import torch
from pathlib import Path
import test_pipeline_running as tests
from briefd_build.pipeline import kinds
kinds.KINDS["classification"] = "fake_kind:FakeKind"
tests.run(tests.order(Path({folder!r}), "model.wait_for={wait_for}"))
"""


def test_a_run_that_was_killed_in_a_stage_goes_on_with_it(tmp_path: Path) -> None:
    allowed = tmp_path / "go"
    process = _start(tmp_path, allowed)
    checkpoint = tmp_path / "build/01-teacher/work/training.checkpoint"
    _wait_for(checkpoint, process)
    with pytest.raises(BuildError, match="a run is under way"):
        run(order(tmp_path, f"model.wait_for={allowed}"))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert calls(tmp_path / "model") == ["open", "save", "bundle", "answer", "train"]
    assert checkpoint.exists()
    allowed.touch()
    outcome = run(order(tmp_path, f"model.wait_for={allowed}"))
    assert calls(tmp_path / "model")[5:] == ["train", "finish", "save", "bundle", "answer"] * 2
    assert not checkpoint.exists()
    assert "it was stopped on the way: the time is that of the last part" in outcome.record.stages[1].done
    other = tmp_path / "other"
    other.mkdir()
    in_one_go = run(order(other))
    assert [each.files_digest for each in outcome.record.stages] == [
        each.files_digest for each in in_one_go.record.stages
    ]


def test_a_checkpoint_is_there_until_the_trained_model_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "build/01-teacher"
    checkpoint = folder / "work/training.checkpoint"
    save, replaced = FakeKind.save, os.replace

    def stop_while_saving(kind: FakeKind, model: Model, directory: Path) -> None:
        save(kind, model, directory)
        if directory.parent == folder:
            raise KeyboardInterrupt

    def stop_after_saving(old: Path, new: Path) -> None:
        replaced(old, new)
        if new == folder / "model":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FakeKind, "save", stop_while_saving)
        with pytest.raises(KeyboardInterrupt):
            run(order(tmp_path))
    assert not (folder / "model").exists()
    assert checkpoint.exists()
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", stop_after_saving)
        with pytest.raises(KeyboardInterrupt):
            run(order(tmp_path))
    assert (folder / "model").exists()
    # What the first stop left is trained to the end by the second run, and by the third nothing is.
    trained = calls(tmp_path / "model").count("train")
    assert run(order(tmp_path)).bundle
    assert calls(tmp_path / "model").count("train") == trained + 1
    assert not checkpoint.parent.exists()


def _start(folder: Path, wait_for: Path) -> subprocess.Popen[bytes]:
    paths = [str(Path(__file__).parent), *sys.path]
    program = _PROGRAM.format(paths=paths, folder=str(folder), wait_for=wait_for)
    write_fake_model(folder / "model")
    return subprocess.Popen([sys.executable, "-c", program])


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> None:
    while not file.exists():
        assert process.poll() is None
        time.sleep(0.01)


def test_a_gate_that_fails_forbids_the_bundle_and_keeps_the_report(tmp_path: Path) -> None:
    failing = order(tmp_path, "gates.size_bytes=50", "gates.memory_ratio=1.0")
    outcome = run(failing)
    assert outcome.bundle is None
    assert not (tmp_path / "out").exists()
    assert [(gate.name, gate.passes) for gate in outcome.record.gates] == [
        ("quality_points", True),
        ("size_bytes", False),
        ("memory_ratio", False),
    ]
    report = json.loads((tmp_path / "build/report.json").read_text())
    assert report["gates"][2]["found"] is None
    forced = run(replace(failing, is_forced=True))
    assert forced.bundle == tmp_path / "out"
    assert [gate.name for gate in forced.failing] == ["size_bytes", "memory_ratio"]
    assert [gate.passes for gate in read_record(tmp_path / "out").gates] == [True, False, False]


def test_gates_can_be_changed_without_doing_the_stages_again(tmp_path: Path) -> None:
    assert run(order(tmp_path, "gates.size_bytes=50")).failing
    before = calls(tmp_path / "model")
    assert not run(order(tmp_path, "gates.size_bytes=5000")).failing
    assert calls(tmp_path / "model") == before


def test_another_recipe_does_not_go_on_with_the_stages(tmp_path: Path) -> None:
    run(order(tmp_path))
    with pytest.raises(BuildError, match="holds the stages of another build"):
        run(order(tmp_path, "seed=2"))


def test_a_bundle_that_is_not_the_model_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"^source: outputs differ by 1\.5 from PyTorch's$"):
        run(order(tmp_path, "model.broken=parity"))
    assert not (tmp_path / "build/00-source/bundle").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("distil.rate=2", "stages.distil: rate must be above 0"),
        ("distil.rat=0.1", "stages.distil.rat is unknown; did you mean rate?"),
        ("model.sauce=a", "model.sauce is unknown; did you mean source?"),
        ("distil.teacher=teach", "stages.distil: there is no earlier stage 'teach'; did you mean teacher?"),
    ],
)
def test_what_does_not_fit_is_one_line(setting: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError) as refused:
        run(order(tmp_path, setting))
    assert str(refused.value).startswith(message)
    assert calls(tmp_path / "model") == []


@pytest.mark.parametrize("out", ["build", "build/out", "."])
def test_bundle_and_stages_do_not_lie_in_each_other(out: str, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="lie in each other"):
        run(replace(order(tmp_path), out=tmp_path / out))


@pytest.mark.parametrize(("what", "name"), [("disk", "free_disk_bytes"), ("memory", "free_memory_bytes")])
def test_too_little_room_is_said_before_anything_is_done(
    what: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipe_run, name, lambda *_: 1000)
    with pytest.raises(BuildError, match=f"^too little {what}: the run takes up to"):
        run(order(tmp_path))
    assert calls(tmp_path / "model") == []


def test_other_files_of_an_earlier_run_are_told(tmp_path: Path) -> None:
    record = run(order(tmp_path)).record
    stages = [record.stages[0], replace(record.stages[1], files_digest="0" * 64), record.stages[2]]
    earlier = replace(record, stages=stages, environment={**record.environment, "torch": "1.0"})
    assert compare_with_earlier(record, None) == []
    assert compare_with_earlier(record, replace(record, recipe={**record.recipe, "seed": 2})) == []
    (note,) = compare_with_earlier(record, earlier)
    assert "from the stage teacher on; what differs is torch" in note


def test_a_stage_has_chance_of_its_own() -> None:
    seeds: set[Any] = {stage_seed(seed, name) for seed in (1, 2) for name in ("a", "b")}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_a_gate_on_a_metric_that_there_is_not_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"gates\.points\.acuracy is unknown; did you mean accuracy\?"):
        run(order(tmp_path, "gates.points.acuracy=1"))
    assert not (tmp_path / "build").exists()


def test_the_notes_tell_what_was_timed_on_a_busy_machine(tmp_path: Path) -> None:
    record = replace(make_record(), evaluation={"texts answered": 200})
    recipe = order(tmp_path).recipe
    assert not any("kept the machine busy" in note for note in notes_of(recipe, record, tmp_path / "out"))
    *others, last = record.stages
    waiting = replace(last, cost=replace(last.cost, p50_ms=100.0, cpu_seconds=0.05))
    notes = notes_of(recipe, replace(record, stages=[*others, waiting]), tmp_path / "out")
    assert any(f"Other programs kept the machine busy while {last.name} was timed" in note for note in notes)
