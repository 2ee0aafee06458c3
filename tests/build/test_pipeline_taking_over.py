"""A recipe with a later stage changed goes on after the stages that a run beside it did alike."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_kind import FakeMeasuring, calls, write_fake_model

from briefd_build.errors import BuildError
from briefd_build.pipeline import kinds, recipe_run
from briefd_build.pipeline.changing import set_values
from briefd_build.pipeline.recipe import parse_recipe
from briefd_build.pipeline.recipe_files import parse_toml
from briefd_build.pipeline.recipe_run import Order, Outcome, run_recipe
from briefd_build.pipeline.stage_folder import StageFolder
from briefd_build.pipeline.taking_over import take_over_stages

RECIPE = """
name = "first"
task = "classification"
[[stages]]
stage = "finetune"
name = "teacher"
epochs = 1
rate = 0.1
[[stages]]
stage = "distil"
teacher = "teacher"
epochs = 1
rate = 0.1
[evaluation]
baseline = "teacher"
"""
STAGE = ["train", "finish", "save", "bundle", "answer"]


@pytest.fixture(autouse=True)
def fake_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kinds.KINDS, "classification", "fake_kind:FakeKind")
    monkeypatch.setattr(recipe_run, "write_reports", lambda record, folder: [])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_fake_model(tmp_path / "model")


def order(model: Path, name: str, *settings: str) -> Order:
    table = set_values(parse_toml(RECIPE), (f"model.source={model}", f"name={name}", *settings))
    recipe = parse_recipe(table, "fake.toml")
    runs, bundles = model.parent / "runs", model.parent / "bundles"
    return Order(recipe, bundles / name, runs / name, no_corpora, 1, False, "brief-build run fake")


def no_corpora() -> Path:
    raise AssertionError("the fake kind needs no corpora")


def run(order: Order) -> Outcome:
    return run_recipe(order, FakeMeasuring(), lambda what, share: None, lambda row, leading: None)


def calls_of(order: Order, model: Path) -> list[str]:
    before = len(calls(model))
    run(order)
    return calls(model)[before:]


def damage(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:7])


def test_a_stage_that_changes_is_done_and_those_before_it_are_taken_over(model: Path) -> None:
    run(order(model, "first"))
    assert calls_of(order(model, "second", "distil.rate=0.2"), model) == STAGE
    taken = run(order(model, "second", "distil.rate=0.2")).record.stages
    shutil.rmtree(model.parent / "runs")
    alone = run(order(model, "second", "distil.rate=0.2")).record.stages
    assert [each.files_digest for each in taken] == [each.files_digest for each in alone]
    assert [each.done.partition("; ")[2] for each in taken] == [
        "taken over from the run first",
        "taken over from the run first",
        "",
    ]
    assert [each.quality for each in taken] == [each.quality for each in alone]


def test_of_two_runs_the_one_that_did_more_alike_is_taken(model: Path) -> None:
    run(order(model, "a", "teacher.rate=0.3"))
    run(order(model, "b"))
    assert calls_of(order(model, "c", "distil.rate=0.2"), model) == STAGE
    assert "the run b" in run(order(model, "c", "distil.rate=0.2")).record.stages[1].done
    # The source is the same for all of them.
    assert calls_of(order(model, "d", "teacher.rate=0.4"), model) == [*STAGE, *STAGE]


@pytest.mark.parametrize("setting", ["seed=2", "evaluation.texts=5", "evaluation.baseline=distil"])
def test_what_decides_all_stages_shares_none(model: Path, setting: str) -> None:
    run(order(model, "first"))
    assert calls_of(order(model, "second", setting), model)[0] == "open"


def test_other_threads_share_none(model: Path) -> None:
    run(order(model, "first"))
    assert calls_of(replace(order(model, "second"), thread_count=2), model)[0] == "open"


def test_a_stage_that_is_not_whole_is_not_taken_over(model: Path) -> None:
    run(order(model, "first"))
    (model.parent / "runs/first/01-teacher/cost.json").unlink()
    assert calls_of(order(model, "second"), model) == [*STAGE, *STAGE]


def test_what_lies_beside_and_is_no_run_is_passed_over(model: Path) -> None:
    runs = model.parent / "runs"
    for name, text in (("a", "[]"), ("b", "{"), ("c", '{"recipe": 1}'), ("d", '{"recipe": {"stages": 3}}')):
        (runs / name).mkdir(parents=True)
        (runs / name / "made-by.json").write_text(text)
    (runs / "file").write_text("")
    assert calls_of(order(model, "second"), model)[0] == "open"


def test_a_stage_that_was_removed_is_taken_over_again(model: Path) -> None:
    run(order(model, "first"))
    run(order(model, "second", "distil.rate=0.2"))
    for name in ("00-source", "01-teacher"):
        shutil.rmtree(model.parent / "runs/second" / name)
        assert calls_of(order(model, "second", "distil.rate=0.2"), model) == []


def test_a_run_that_was_stopped_while_it_took_over_goes_on_with_that(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(folder: StageFolder, *_: object) -> None:
        folder.path.with_name(f"{folder.path.name}.partial").mkdir(parents=True)
        raise KeyboardInterrupt

    run(order(model, "first"))
    with monkeypatch.context() as patch:
        patch.setattr(StageFolder, "take_over", stop)
        with pytest.raises(KeyboardInterrupt):
            run(order(model, "second", "distil.rate=0.2"))
    # Nothing of it is there yet: it may still become another run.
    assert calls_of(order(model, "second", "distil.rate=0.3"), model) == STAGE


def test_what_was_made_with_something_else_is_not_taken_over(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("briefd_build.pipeline.stage_folder.made_with", lambda: "another release of torch")
        run(order(model, "first"))
    assert calls_of(order(model, "second", "distil.rate=0.2"), model)[0] == "open"


def test_what_was_measured_with_something_else_is_not_taken_over(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(order(model, "first"))
    (model.parent / "runs/first/01-teacher/cost.json").unlink()
    with monkeypatch.context() as patch:
        patch.setattr("briefd_build.pipeline.stage_folder.made_with", lambda: "another release of ONNX Runtime")
        run(order(model, "first"))
    assert calls_of(order(model, "second", "distil.rate=0.2"), model) == [*STAGE, *STAGE]


def test_where_there_is_no_room_for_them_stages_are_done(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(order(model, "first"))
    monkeypatch.setattr("briefd_build.pipeline.taking_over.free_disk_bytes", lambda _folder: 10)
    assert calls_of(order(model, "second", "distil.rate=0.2"), model)[0] == "open"


def test_a_folder_among_others_that_cannot_be_listed_is_one_alone(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_folder: Path) -> None:
        raise PermissionError

    run(order(model, "first"))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", refuse)
        take_over_stages(model.parent / "runs/first")


def test_a_stage_for_some_tasks_is_the_one_for_all(model: Path) -> None:
    run(order(model, "first"))
    second = order(model, "second", "distil.rate=0.2")
    only = replace(second.recipe.steps[0], tasks=("classification",))
    recipe = replace(second.recipe, stages=(only, second.recipe.steps[1]))
    assert calls_of(replace(second, recipe=recipe), model) == STAGE


def test_what_a_run_took_over_outlives_the_other_run(model: Path) -> None:
    run(order(model, "first"))
    run(order(model, "second", "distil.rate=0.2"))
    shutil.rmtree(model.parent / "runs/first")
    assert calls_of(order(model, "second", "distil.rate=0.2"), model) == []


@pytest.mark.parametrize(
    "file",
    ["applied.json", "checked.json", "answers.json", "cost.json", "bundle/optimized.onnx", "model/weights.safetensors"],
)
@pytest.mark.parametrize("change", [Path.unlink, damage])
def test_a_damaged_stage_is_done_and_not_taken_over(model: Path, file: str, change: Callable[[Path], None]) -> None:
    run(order(model, "first"))
    change(model.parent / "runs/first/01-teacher" / file)
    assert calls_of(order(model, "second", "distil.rate=0.2"), model) == [*STAGE, *STAGE]


def test_what_one_run_damages_the_other_keeps(model: Path) -> None:
    run(order(model, "first"))
    taken = run(order(model, "second", "distil.rate=0.2")).record.stages
    damage(model.parent / "runs/first/01-teacher/bundle/optimized.onnx")
    assert run(order(model, "second", "distil.rate=0.2")).record.stages == taken


@pytest.mark.parametrize("file", ["applied.json", "checked.json", "answers.json", "bundle/optimized.onnx"])
@pytest.mark.parametrize("change", [Path.unlink, damage])
def test_a_stage_that_lacks_a_file_is_named_with_the_fix(
    model: Path, file: str, change: Callable[[Path], None]
) -> None:
    first = run(order(model, "first"))
    stage = model.parent / "runs/first/01-teacher"
    change(stage / file)
    with pytest.raises(BuildError) as refusal:
        run(order(model, "first"))
    assert str(refusal.value).removeprefix("teacher: ").startswith(f"{stage} can't be read (")
    assert str(refusal.value).endswith("; if it is damaged, remove it: the same command does that stage again")
    shutil.rmtree(stage)
    digests = [each.files_digest for each in run(order(model, "first")).record.stages]
    assert digests == [each.files_digest for each in first.record.stages]


def test_a_comparison_that_is_lacking_is_made_again(model: Path) -> None:
    first = run(order(model, "first"))
    (model.parent / "runs/first/01-teacher/quality.json").unlink()
    assert run(order(model, "first")).record.stages == first.record.stages


def test_a_comparison_of_other_answers_is_made_again(tmp_path: Path) -> None:
    found = [
        StageFolder(tmp_path).remember("quality.json", compared, lambda n=n: n) for n, compared in enumerate("aaba")
    ]
    assert found == [0, 0, 2, 3]


def test_a_comparison_of_an_earlier_release_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "quality.json").write_text('{"accuracy": {"value": 1.0}}')
    assert StageFolder(tmp_path).remember("quality.json", "a", lambda: 3) == 3


@pytest.mark.parametrize("content", ["[]", "{"])
def test_a_damaged_comparison_is_named_with_the_fix(model: Path, content: str) -> None:
    run(order(model, "first"))
    (model.parent / "runs/first/01-teacher/quality.json").write_text(content)
    with pytest.raises(BuildError, match="01-teacher can't be read"):
        run(order(model, "first"))


def test_a_damaged_measure_of_pytorch_is_named_with_the_fix(model: Path) -> None:
    run(order(model, "first"))
    damage(model.parent / "runs/first/pytorch.json")
    with pytest.raises(BuildError, match=r"pytorch\.json is damaged; remove it"):
        run(order(model, "first"))


@pytest.mark.parametrize("change", [Path.unlink, damage])
def test_a_model_that_lacks_its_weights_is_named_with_the_fix(model: Path, change: Callable[[Path], None]) -> None:
    run(order(model, "first"))
    stage = model.parent / "runs/first/01-teacher"
    change(stage / "model/weights.safetensors")
    shutil.rmtree(model.parent / "runs/first/02-distil")
    with pytest.raises(BuildError, match=f"{stage} can't be read"):
        run(order(model, "first"))


def test_an_answer_of_another_shape_is_named_with_the_fix(model: Path) -> None:
    run(order(model, "first"))
    (model.parent / "runs/first/01-teacher/answers.json").write_text(json.dumps([{"text": 1}]))
    with pytest.raises(BuildError, match="01-teacher can't be read"):
        run(order(model, "first"))
