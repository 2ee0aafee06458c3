"""Frozen dataclasses out of TOML tables: strict, and every refusal names the place and what is wanted there.

The dataclass is the schema: its fields are the keys, their types what the values must be, their defaults what an absent
key means; ranges are checked by its own `__post_init__`, which raises ValueError.
"""

from __future__ import annotations

import math
import re
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_Built = TypeVar("_Built")

_NOT_THAT = object()
"""What a reading gives for a value that is not of its type."""

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

# Ratio of difflib's SequenceMatcher. Of slips, "sead" for "seed" has 0.75 and "window" for "window_pieces" 0.63; of
# names that only share letters, "rank" for "rate" 0.5.
_LEAST_LIKENESS = 0.6

_SCALARS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def build(dataclass_type: type[_Built], table: Mapping[str, Any], place: str) -> _Built:
    """Build a dataclass from a table.

    Fields may be int, float (a whole number will do), bool, str, a Literal, an Enum by its value, a dict, `X | None`, a
    tuple of any of these and of any length, and a dataclass.

    Args:
        dataclass_type: what to build.
        table: as TOML gave it.
        place: of the table, for refusals: `pythia-70m.toml: stages.low-rank`, or with a colon at its end
            (`pythia-70m.toml:`) that of a whole file.

    Raises:
        BuildError: a key is unknown or lacking, or a value is not what it must be.

    """
    types_of_fields = get_type_hints(dataclass_type)
    known = {each.name: each for each in fields(dataclass_type) if each.init}  # type: ignore[arg-type]
    refuse_unknown(table, known, place)
    for field in known.values():
        if _is_required(field) and field.name not in table:
            raise BuildError(f"{within(place, field.name)} is lacking: give {_wanted(types_of_fields[field.name])}")
    values = {key: _read(types_of_fields[key], value, within(place, key)) for key, value in table.items()}
    try:
        return dataclass_type(**values)
    except ValueError as error:
        raise BuildError(f"{place.removesuffix(':')}: {error}") from None


def refuse_unknown(keys: Iterable[str], known: Iterable[str], place: str) -> None:
    """Refuse a key that is not known, with the nearest one that is, or all that are.

    Raises:
        BuildError: there is such a key.

    """
    known = list(known)
    for key in keys:
        if key not in known:
            raise BuildError(f"{within(place, key)} is unknown; {nearest(key, known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Ask for the nearest right name, or one that begins so, `did you mean rank?`; else tell which ones there are."""
    known = list(known)
    begun = [each for each in known if name and each.startswith(name)]
    if near := get_close_matches(name, known, n=1, cutoff=_LEAST_LIKENESS) or begun:
        return f"did you mean {near[0]}?"
    return f"choose among {', '.join(known)}" if known else "remove it"


def within(place: str, key: str) -> str:
    """Name the place of a key in a table; a key that TOML must quote is quoted."""
    key = key if _BARE_KEY.fullmatch(key) else repr(key)
    return f"{place} {key}" if place.endswith(":") else f"{place}.{key}"


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _read(wanted: Any, value: object, place: str) -> object:
    choices = _choices(wanted)
    if len(choices) == 1:
        wanted = choices[0]
    if is_dataclass(wanted) and isinstance(value, dict):
        return build(wanted, value, place)  # type: ignore[arg-type]
    if get_origin(wanted) is tuple and isinstance(value, list):
        return tuple(_read(get_args(wanted)[0], each, f"{place}[{index}]") for index, each in enumerate(value))
    for choice in choices:
        read = _read_scalar(choice, value)
        if read is not _NOT_THAT:
            return read
    raise BuildError(f"{place} must be {_wanted(wanted)}")


def _read_scalar(wanted: Any, value: object) -> object:
    if wanted is Any:
        return value
    if wanted is float:
        return _read_number(value)
    if get_origin(wanted) is Literal:
        return value if isinstance(value, str) and value in get_args(wanted) else _NOT_THAT
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return next((each for each in wanted if each.value == value), _NOT_THAT)
    accepted = get_origin(wanted) or wanted
    is_right = isinstance(value, accepted) and (accepted is bool or not isinstance(value, bool))
    # No path, name or address may hold a NUL, and the system's calls raise errors of their own over it.
    is_right = is_right and not (isinstance(value, str) and "\0" in value)
    return value if is_right else _NOT_THAT


def _read_number(value: object) -> object:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return _NOT_THAT
    try:
        number = float(value)
    except OverflowError:
        return _NOT_THAT
    return number if math.isfinite(number) else _NOT_THAT


def _wanted(wanted: Any) -> str:
    """Say what a value of a type looks like in TOML."""
    if len(choices := _choices(wanted)) > 1:
        return " or ".join(_wanted(each) for each in choices)
    (wanted,) = choices
    if get_origin(wanted) is tuple:
        return f"a list, each {_wanted(get_args(wanted)[0])}"
    if get_origin(wanted) is Literal:
        return f"one of {', '.join(get_args(wanted))}"
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return f"one of {', '.join(str(each.value) for each in wanted)}"
    return _SCALARS.get(wanted, "a table")


def _choices(wanted: Any) -> list[Any]:
    """List the types of a union, None left out, which TOML does not know: an absent key says it."""
    members = get_args(wanted) if get_origin(wanted) in {Union, types.UnionType} else (wanted,)
    return [each for each in members if each is not types.NoneType]
