"""The chooser's table: what a manifest may say, and that nothing else gets through."""

from __future__ import annotations

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.extractive.costs import Costs

_ROWS = [*Costs().to_json(), "unknown"]
_KEYS = [*Costs().prices, *Costs().entries, *Costs().tags, "unknown"]
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
_VALUES = (
    _SCALARS | st.lists(_SCALARS, max_size=2) | st.dictionaries(st.sampled_from(_KEYS), st.floats(-9, 9) | _SCALARS)
)


def test_a_table_survives_the_manifest() -> None:
    costs = Costs(word=0.25, prices={**Costs().prices, "obl": 3.5})
    assert Costs.from_json(json.loads(json.dumps(costs.to_json()))) == costs


def test_rows_that_are_left_out_keep_their_values() -> None:
    costs = Costs.from_json({"join": 7, "prices": {"obl": 2}})
    assert (costs.join, costs.word, costs.prices["obl"]) == (7.0, Costs().word, 2.0)
    assert costs.prices["nmod"] == Costs().prices["nmod"]
    assert Costs.from_json({}) == Costs()


@given(_VALUES | st.dictionaries(st.sampled_from(_ROWS), _VALUES))
def test_any_json_is_a_table_of_numbers_or_a_value_error(table: object) -> None:
    with suppress(ValueError):
        costs = Costs.from_json(table)
        for row in costs.to_json().values():
            numbers = row.values() if isinstance(row, dict) else [row]
            assert all(type(number) is float and math.isfinite(number) for number in numbers)


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([], "must be an object"),
        ({"colour": 1}, "unknown row 'colour'"),
        ({"tags": {"NOM": 1}}, "unknown row under 'tags'"),
        ({"tags": 1}, "'tags'"),
        ({"word": math.nan}, "word must be a number"),
        ({"word": math.inf}, "word must be a number"),
        ({"word": True}, "word must be a number"),
        ({"tags": {"NOUN": "1"}}, r"tags\.NOUN must be a number"),
        ({"prices": {"obl": 1e9}}, r"prices\.obl must be a number"),
    ],
)
def test_says_what_is_wrong(table: object, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Costs.from_json(table)
