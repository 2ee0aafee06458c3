"""Recipes: what their files may say, what `--set` and presets change, and that nothing ends in a traceback."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefd_build.errors import BuildError
from briefd_build.pipeline.changing import lay_preset, set_values
from briefd_build.pipeline.kinds import KINDS
from briefd_build.pipeline.recipe import SECTIONS, parse_recipe
from briefd_build.pipeline.recipe_files import parse_toml, read_recipe_table, read_recipe_text, shipped_recipes
from briefd_build.pipeline.stages import make_stage

RECIPE = """
name = "small"
task = "classification"
seed = 7

[model]
source = "models/small"

[[stages]]
stage = "finetune"
name = "teacher"
epochs = 3
rate = 1e-3

[[stages]]
stage = "low-rank"
rank = 4

[[stages]]
stage = "low-rank"
rank = 8
tasks = ["generative"]

[[stages]]
stage = "quantize"
calibration = { method = "entropy" }

[evaluation]
baseline = "teacher"
texts = 250

[gates]
quality_loss = 0.02
size_ratio = 0.25
"""


def table(text: str = RECIPE) -> dict[str, Any]:
    return parse_toml(text)


def test_a_recipe_is_read() -> None:
    recipe = parse_recipe(table(), "small.toml")
    assert [step.name for step in recipe.stages] == ["teacher", "low-rank", "low-rank-2", "quantize"]
    assert [step.name for step in recipe.steps] == ["teacher", "low-rank", "quantize"]
    assert recipe.steps[1].parameters == {"rank": 4}
    assert (recipe.source, recipe.baseline, recipe.seed) == ("models/small", "teacher", 7)
    assert recipe.gates.given() == {"quality_loss": 0.02, "size_ratio": 0.25}


def test_what_a_record_keeps_of_it_is_the_recipe() -> None:
    recipe = parse_recipe(table(), "small.toml")
    kept = json.loads(json.dumps(recipe.to_json()))
    assert parse_recipe(kept, "again").to_json() == recipe.to_json()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('task = "classification"', 'task = "classify"', "small.toml: there is no task 'classify'; choose among"),
        ('task = "classification"', "", "small.toml: task is lacking: give a text"),
        ('source = "models/small"', "", "small.toml: model.source is lacking"),
        ('source = "models/small"', 'source = ""', "small.toml: model.source is lacking"),
        ('source = "models/small"', "source = 3", "small.toml: model.source must be a text: a directory or a hub name"),
        ("seed = 7", "seed = -1", "small.toml: seed must be from 0 to"),
        ("seed = 7", "sead = 7", "small.toml: sead is unknown; did you mean seed?"),
        ('name = "small"', 'name = "S/../x"', "small.toml: name must be of a-z"),
        ('stage = "finetune"', 'stage = "finetuen"', "small.toml: stages: there is no stage 'finetuen'; did you"),
        ('name = "teacher"', 'name = "source"', "small.toml: stages: source is no name for a stage"),
        ('name = "teacher"', 'name = "quantize"', "small.toml: evaluation.baseline names no stage"),
        ('name = "teacher"', 'name = ["a"]', "small.toml: stages[0].name must be a text"),
        ('tasks = ["generative"]', 'tasks = ["all"]', "small.toml: stages[2]: there is no task 'all'"),
        ('tasks = ["generative"]', 'name = "teacher"', "small.toml: two stages are named teacher"),
        ("size_ratio", "size_ration", "small.toml: gates.size_ration is unknown; did you mean size_ratio?"),
        ("size_ratio = 0.25", "size_ratio = 0", "small.toml: gates: size_ratio must be above 0"),
    ],
)
def test_what_is_wrong_is_one_line(old: str, new: str, message: str) -> None:
    assert old in RECIPE
    with pytest.raises(BuildError) as refused:
        parse_recipe(table(RECIPE.replace(old, new, 1)), "small.toml")
    assert str(refused.value).startswith(message)


def test_values_are_set_by_their_path() -> None:
    changed = set_values(
        table(),
        (
            "seed=3",
            "model.source=a dir/of mine",
            "low-rank.rank=16",
            "stages.low-rank-2.rank=1",
            "quantize.calibration.batches = 5",
            "gates.size_bytes=10_000_000",
            'data.only=["a", "b"]',
        ),
    )
    recipe = parse_recipe(changed, "small.toml")
    assert (recipe.seed, recipe.source, recipe.gates.size_bytes) == (3, "a dir/of mine", 10_000_000)
    assert [recipe.stages[index].parameters["rank"] for index in (1, 2)] == [16, 1]
    assert recipe.stages[3].parameters["calibration"] == {"method": "entropy", "batches": 5}
    assert recipe.data == {"only": ["a", "b"]}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("seed", "--set seed: give a key and its value"),
        ("low-rang.rank=1", "--set low-rang.rank: there is no 'low-rang'; did you mean low-rank?"),
        ("gate.size_bytes=1", "--set gate.size_bytes: there is no 'gate'; did you mean gates?"),
        ("low-rank=1", "--set low-rank: names a whole stage; name one of its keys"),
        ("seed.value=1", "--set seed.value: seed holds no table"),
        ("=1", "--set =1: give a key and its value"),
    ],
)
def test_a_setting_that_leads_nowhere_is_refused(setting: str, message: str) -> None:
    with pytest.raises(BuildError) as refused:
        set_values(table(), (setting,))
    assert str(refused.value).startswith(message)


def test_a_preset_keeps_what_makes_the_baseline() -> None:
    preset = table('name = "light"\n[[stages]]\nstage = "quantize"\n[gates]\nquality_loss = 0.05')
    recipe = parse_recipe(lay_preset(table(), preset), "small.toml")
    assert recipe.name == "small-light"
    assert [step.name for step in recipe.steps] == ["teacher", "quantize"]
    assert recipe.gates.given() == {"quality_loss": 0.05}
    from_source = table(RECIPE.replace('baseline = "teacher"', ""))
    assert [step.name for step in parse_recipe(lay_preset(from_source, preset), "").steps] == ["quantize"]


def test_a_recipe_with_a_model_of_its_own_is_no_preset() -> None:
    with pytest.raises(BuildError, match="--preset small: this is a recipe with a model of its own; lay conservative"):
        lay_preset(table(), table())


def test_files_that_are_none_are_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "mine.toml"
    broken.write_bytes(b"\xff\xfe")
    with pytest.raises(BuildError, match="not text in UTF-8"):
        read_recipe_table(str(broken))
    broken.write_text("a = = 1")
    with pytest.raises(BuildError, match=r"^mine\.toml: not valid TOML: "):
        read_recipe_table(str(broken))
    with pytest.raises(BuildError, match="Is a directory"):
        read_recipe_table(str(tmp_path))
    with pytest.raises(BuildError, match="neither a recipe that ships nor a file; did you mean default-en"):
        read_recipe_table("default-em")


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_recipe_that_ships_is_read(name: str) -> None:
    content = read_recipe_table(name)
    if "task" not in content:
        content = set_values(content, ("task=classification", "model.source=somewhere"))
    assert content["name"] == name
    assert content["description"]
    for task in KINDS if "task" not in read_recipe_table(name) else (content["task"],):
        recipe = parse_recipe({**content, "task": task}, name)
        assert all(make_stage(step.stage, step.parameters, step.name) for step in recipe.steps)
    assert read_recipe_text(name).strip()


_SCALARS = st.booleans() | st.integers() | st.floats() | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
_STEPS = st.lists(
    st.dictionaries(
        st.sampled_from(["stage", "name", "tasks", "rank"]), _VALUES | st.sampled_from(["low-rank", "distil"])
    )
)
_TABLES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(SECTIONS, _VALUES) | {"stages": _STEPS | _VALUES, "task": st.just("generative")}
)


@settings(max_examples=30)
@given(_TABLES)
def test_any_table_is_a_recipe_or_refused_in_one_line(content: dict[str, Any]) -> None:
    refusal = ""
    try:
        parse_recipe(lay_preset(content, {"name": "light", "stages": [{"stage": "optimize"}]}), "small.toml")
        parse_recipe(lay_preset(table(), content), "small.toml")
        parse_recipe(content, "small.toml")
    except BuildError as error:
        refusal = str(error)
    assert len(refusal.splitlines()) <= 1


@settings(max_examples=30)
@given(_TABLES, st.text(st.characters(codec="utf-8")))
def test_any_setting_is_taken_or_refused(content: dict[str, Any], setting: str) -> None:
    before = json.dumps(content)
    with suppress(BuildError):
        set_values(content, (setting, f"{setting}=1", f"seed.{setting}={setting}"))
    assert json.dumps(content) == before


_JSON_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"))


@settings(max_examples=30)
@given(st.recursive(st.booleans() | st.integers(-(2**63), 2**63 - 1) | _JSON_TEXTS, st.lists, max_leaves=5))
def test_what_is_set_is_what_was_meant(value: object) -> None:
    # A list or number of JSON is TOML too.
    changed = set_values(table(), (f"data.it={json.dumps(value, ensure_ascii=False)}",))
    assert changed["data"]["it"] == value
