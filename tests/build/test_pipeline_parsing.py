"""Dataclasses out of TOML tables: what is taken, and that every refusal names its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefd_build.errors import BuildError
from briefd_build.pipeline.parsing import build, nearest


class Scope(Enum):
    GLOBAL = "global"
    LAYER = "layer"


@dataclass(frozen=True)
class Inner:
    rank: int = 1


@dataclass(frozen=True)
class Table:
    rank: int
    share: float = 0.5
    is_merged: bool = False
    name: str = ""
    only: tuple[str, ...] = ()
    scope: Scope = Scope.GLOBAL
    method: Literal["min-max", "entropy"] = "min-max"
    budget: int | None = None
    inner: Inner = field(default_factory=Inner)
    others: dict[str, Any] = field(default_factory=dict)
    length: int | str = 0

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise ValueError("rank must be 1 or more")


def test_everything_is_taken() -> None:
    values = {
        "rank": 32,
        "share": 1,
        "is_merged": True,
        "name": "a",
        "only": ["b", "c"],
        "scope": "layer",
        "method": "entropy",
        "budget": 5,
        "inner": {"rank": 7},
        "others": {"free": 1},
        "length": "long",
    }
    built = build(Table, values, "r.toml: stages.low-rank")
    assert built == Table(32, 1.0, True, "a", ("b", "c"), Scope.LAYER, "entropy", 5, Inner(7), {"free": 1}, "long")
    assert isinstance(built.share, float)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"rank": "a"}, "r.toml: stages.low-rank.rank must be a whole number"),
        ({"rank": True}, "r.toml: stages.low-rank.rank must be a whole number"),
        ({"rank": 1.0}, "r.toml: stages.low-rank.rank must be a whole number"),
        ({"rank": 0}, "r.toml: stages.low-rank: rank must be 1 or more"),
        ({}, "r.toml: stages.low-rank.rank is lacking: give a whole number"),
        ({"rank": 1, "shear": 1}, "r.toml: stages.low-rank.shear is unknown; did you mean share?"),
        (
            {"rank": 1, "zeros": 1},
            "r.toml: stages.low-rank.zeros is unknown; choose among rank, share, is_merged, name, only, scope, method, "
            "budget, inner, others, length",
        ),
        ({"rank": 1, "share": "1"}, "r.toml: stages.low-rank.share must be a number"),
        ({"rank": 1, "share": float("nan")}, "r.toml: stages.low-rank.share must be a number"),
        ({"rank": 1, "share": 10**400}, "r.toml: stages.low-rank.share must be a number"),
        ({"rank": 1, "name": "a\0"}, "r.toml: stages.low-rank.name must be a text"),
        ({"rank": 1, "is_merged": 1}, "r.toml: stages.low-rank.is_merged must be true or false"),
        ({"rank": 1, "only": "b"}, "r.toml: stages.low-rank.only must be a list, each a text"),
        ({"rank": 1, "only": ["b", 2]}, "r.toml: stages.low-rank.only[1] must be a text"),
        ({"rank": 1, "scope": "all"}, "r.toml: stages.low-rank.scope must be one of global, layer"),
        ({"rank": 1, "scope": []}, "r.toml: stages.low-rank.scope must be one of global, layer"),
        ({"rank": 1, "method": "max"}, "r.toml: stages.low-rank.method must be one of min-max, entropy"),
        ({"rank": 1, "budget": "x"}, "r.toml: stages.low-rank.budget must be a whole number"),
        ({"rank": 1, "inner": 1}, "r.toml: stages.low-rank.inner must be a table"),
        ({"rank": 1, "inner": {"rang": 1}}, "r.toml: stages.low-rank.inner.rang is unknown; did you mean rank?"),
        ({"rank": 1, "others": 1}, "r.toml: stages.low-rank.others must be a table"),
        ({"rank": 1, "length": 1.5}, "r.toml: stages.low-rank.length must be a whole number or a text"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(table: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError) as refused:
        build(Table, table, "r.toml: stages.low-rank")
    assert str(refused.value) == message


def test_names_that_begin_alike_are_near() -> None:
    assert nearest("size", ["quality_loss", "size_bytes"]) == "did you mean size_bytes?"
    assert nearest("", ["quality_loss", "size_bytes"]) == "choose among quality_loss, size_bytes"


def test_the_place_of_a_file_ends_with_a_colon() -> None:
    with pytest.raises(BuildError, match=r"^r\.toml: rank must be a whole number$"):
        build(Table, {"rank": ""}, "r.toml:")
    with pytest.raises(BuildError, match=r"^r\.toml: rank must be 1 or more$"):
        build(Table, {"rank": 0}, "r.toml:")


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
_KEYS = st.sampled_from(list(Table.__dataclass_fields__)) | st.text()


@settings(max_examples=40)
@given(st.dictionaries(_KEYS, _VALUES))
def test_any_table_is_built_or_refused_in_one_line(table: dict[str, Any]) -> None:
    refusal = ""
    try:
        build(Table, table, "r.toml:")
    except BuildError as error:
        refusal = str(error)
    assert refusal == "" or (refusal.startswith("r.toml: ") and len(refusal.splitlines()) == 1)
