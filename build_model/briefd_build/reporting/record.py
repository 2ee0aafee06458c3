"""The record of a run as JSON: written so that no NaN is in it, read strictly."""

from __future__ import annotations

import math
import types
from dataclasses import asdict, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

from briefd_build.errors import BuildError
from briefd_build.pipeline.results import RunRecord
from briefd_server.bundle import MANIFEST_NAME, read_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_server.bundle import Bundle

EVALUATION_KEY = "pipeline"
"""Where the record stands in the `evaluation` of a bundle's manifest."""


def record_to_json(record: RunRecord) -> dict[str, Any]:
    """Give the record's fields as JSON knows them; a number that is none (NaN, infinite) becomes null."""
    content: dict[str, Any] = finite(asdict(record))
    return content


def finite(value: Any) -> Any:
    """Replace what is no JSON number by None, and tuples by lists, all the way down."""
    if isinstance(value, dict):
        return {str(key): finite(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read_record(directory: Path) -> RunRecord:
    """Read the record that a bundle carries.

    Raises:
        BundleError: the directory is no bundle.
        BuildError: the bundle carries no record, or one that another version wrote.

    """
    record = find_record(read_bundle(directory))
    if record is None:
        raise BuildError(
            f"{directory} carries no record of a run, so there is nothing to report: build it with `brief-build run "
            "RECIPE`, or measure it beside another bundle with `brief-build compare`"
        )
    return record


def find_record(bundle: Bundle) -> RunRecord | None:
    """Read the record that a bundle carries, None where it was not made by a run.

    Raises:
        BuildError: the record is not one that this version reads.

    """
    evaluation = bundle.manifest.evaluation
    if EVALUATION_KEY not in evaluation:
        return None
    return record_from_json(
        evaluation[EVALUATION_KEY], f"{bundle.directory / MANIFEST_NAME}: evaluation.{EVALUATION_KEY}"
    )


def record_from_json(value: object, place: str) -> RunRecord:
    """Read what `record_to_json` gave; null where a number is due is one that could not be found: NaN.

    Args:
        value: the JSON value.
        place: where it stands, for the message.

    Raises:
        BuildError: a key is lacking or unknown, a value is of the wrong type, or the stages don't fit together.

    """
    record = _read(RunRecord, value, place)
    assert isinstance(record, RunRecord)
    names = [stage.name for stage in record.stages]
    if len(set(names)) != len(names):
        raise _refusal(f"{place}.stages", "two have one name")
    if record.baseline not in names:
        raise _refusal(f"{place}.baseline", "it names no stage of the record")
    return record


def _read(wanted: Any, value: Any, place: str) -> Any:
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in {Union, types.UnionType}:
        (inner,) = (each for each in arguments if each is not types.NoneType)
        return None if value is None else _read(inner, value, place)
    if is_dataclass(wanted):
        return _read_fields(wanted, value, place)
    if origin in {list, tuple}:
        _check(isinstance(value, list), place, "a list")
        return origin(_read(arguments[0], each, f"{place}[{index}]") for index, each in enumerate(value))
    if origin is dict:
        _check(isinstance(value, dict), place, "an object")
        return {key: _read(arguments[1], each, f"{place}.{key}") for key, each in value.items()}
    return value if wanted is Any else _read_scalar(wanted, value, place)


def _read_fields(wanted: Any, value: Any, place: str) -> Any:
    _check(isinstance(value, dict), place, "an object")
    hints = get_type_hints(wanted)
    names = {field.name for field in fields(wanted)}
    if value.keys() != names:
        key = min(value.keys() ^ names)
        raise _refusal(f"{place}.{key}", "it is lacking" if key in names else "it is unknown")
    return wanted(**{key: _read(hints[key], each, f"{place}.{key}") for key, each in value.items()})


def _read_scalar(wanted: type, value: Any, place: str) -> Any:
    if wanted is float:
        if value is None:
            return math.nan
        _check(isinstance(value, (int, float)) and not isinstance(value, bool), place, "a number")
        return float(value)
    _check(type(value) is wanted, place, {int: "a whole number", bool: "true or false"}.get(wanted, "a text"))
    return value


def _check(is_right: bool, place: str, wanted: str) -> None:  # noqa: FBT001 - the condition is what is checked
    if not is_right:
        raise _refusal(place, f"it must be {wanted}")


def _refusal(place: str, reason: str) -> BuildError:
    return BuildError(
        f"{place}: {reason}; brief-build can't read this record: run the recipe again with `brief-build run`"
    )
