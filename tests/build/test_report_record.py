"""The record of a run as JSON: it comes back as it was, and anything else is refused in one line."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from bundle_factory import make_bundle
from run_records import make_cost, make_record, make_stage

from briefd_build.errors import BuildError
from briefd_build.reporting import read_record, record_from_json, record_to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_record_comes_back_from_a_manifest(tmp_path: Path) -> None:
    record = make_record()
    bundle = make_bundle(tmp_path / "bundle", evaluation={"pipeline": record_to_json(record)})
    assert read_record(bundle) == record


def test_no_nan_is_in_json_and_null_is_read_as_one() -> None:
    record = make_record(stages=[make_stage("source", math.nan, cost=make_cost(load_seconds=math.inf, joules=None))])
    content = record_to_json(record)
    text = json.dumps(content, allow_nan=False)
    read = record_from_json(json.loads(text), "here")
    assert math.isnan(read.stages[0].cost.load_seconds)
    assert read.stages[0].cost.joules is None
    assert record_to_json(read) == content


def test_keys_are_the_fields_in_their_order() -> None:
    record = make_record()
    content = record_to_json(record)
    assert list(content) == [field.name for field in dataclasses.fields(record)]
    assert list(content["stages"][0]["cost"]) == [field.name for field in dataclasses.fields(record.stages[0].cost)]


def _without_baseline(content: dict[str, Any]) -> None:
    del content["baseline"]


def _with_more(content: dict[str, Any]) -> None:
    content["stages"][1]["cost"]["price"] = 3


def _with_text_for_number(content: dict[str, Any]) -> None:
    content["stages"][0]["agreement"] = "1.0"


def _with_true_for_number(content: dict[str, Any]) -> None:
    content["stages"][0]["cost"]["file_bytes"] = True


def _with_fraction_of_bytes(content: dict[str, Any]) -> None:
    content["stages"][0]["cost"]["file_bytes"] = 1.5


def _with_object_for_list(content: dict[str, Any]) -> None:
    content["gates"] = {}


def _with_unknown_baseline(content: dict[str, Any]) -> None:
    content["baseline"] = "elsewhere"


def _with_twins(content: dict[str, Any]) -> None:
    content["stages"].append(content["stages"][0])


def _without_stages(content: dict[str, Any]) -> None:
    content["stages"] = []


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (_without_baseline, "here.baseline: it is lacking"),
        (_with_more, "here.stages[1].cost.price: it is unknown"),
        (_with_text_for_number, "here.stages[0].agreement: it must be a number"),
        (_with_true_for_number, "here.stages[0].cost.file_bytes: it must be a whole number"),
        (_with_fraction_of_bytes, "here.stages[0].cost.file_bytes: it must be a whole number"),
        (_with_object_for_list, "here.gates: it must be a list"),
        (_with_unknown_baseline, "here.baseline: it names no stage"),
        (_with_twins, "here.stages: two have one name"),
        (_without_stages, "here.baseline: it names no stage"),
    ],
)
def test_what_is_no_record_is_refused(spoil: Callable[[dict[str, Any]], None], place: str) -> None:
    content = record_to_json(make_record())
    spoil(content)
    with pytest.raises(BuildError) as refusal:
        record_from_json(content, "here")
    assert str(refusal.value).startswith(place)
    assert "brief-build run" in str(refusal.value)


@pytest.mark.parametrize("content", [None, [], "text", 3])
def test_other_json_is_refused(content: object) -> None:
    with pytest.raises(BuildError, match="here: it must be an object"):
        record_from_json(content, "here")


def test_a_bundle_without_a_record_says_which_command_makes_one(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"carries no record of a run.*brief-build run RECIPE.*brief-build compare"):
        read_record(make_bundle(tmp_path / "bundle"))
