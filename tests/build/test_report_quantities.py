"""Numbers as people read them, and texts that can do no harm."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.reporting import quantities

# Between a number and its unit stands a no-break space.
S = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0 B"),
        (1, "1 B"),
        (912, "912 B"),
        (999.6, "1.00 kB"),
        (999_999, "1.00 MB"),
        (22_713_216, "22.7 MB"),
        (9_996_000, "10.0 MB"),
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
    ],
)
def test_sizes_have_three_digits_that_count(value: float | None, written: str) -> None:
    assert quantities.size(value) == written.replace(" ", S)


def test_each_quantity_has_its_unit() -> None:
    assert quantities.count(70_426_624) == f"70.4{S}M"
    assert quantities.count(12) == "12"
    assert quantities.milliseconds(3.456) == f"3.46{S}ms"
    assert [quantities.seconds(each) for each in (0.0312, 4.5, 600, 9000)] == [
        f"31.2{S}ms",
        f"4.50{S}s",
        f"10{S}min",
        f"2.5{S}h",
    ]
    assert quantities.joules(0.54) == f"540{S}mJ"
    assert quantities.times(0.4567) == f"0.46{S}×"
    assert quantities.share(0.835) == f"83.5{S}%"


@pytest.mark.parametrize(
    ("factor", "written"),
    [
        (1.0, "± 0 %"),
        (1.0004, "± 0 %"),
        (0.217, "−78 %"),
        (0.0004, "−100.0 %"),
        (1.031, "+3.1 %"),
        (12.3, "× 12.3"),
        (None, "–"),
    ],
)
def test_changes_have_a_sign(factor: float | None, written: str) -> None:
    assert quantities.change(factor) == written.replace(" ", S)


def test_nothing_is_divided_by_zero_or_by_what_is_not_known() -> None:
    assert quantities.ratio(3.0, 2.0) == 1.5
    for value, reference in ((1.0, 0.0), (1.0, None), (None, 1.0), (math.nan, 1.0), (1.0, math.inf)):
        assert quantities.ratio(value, reference) is None


@given(st.floats())
def test_every_number_is_written_and_never_as_nan(value: float) -> None:
    writers = (quantities.size, quantities.seconds, quantities.joules, quantities.times, quantities.change)
    for write in writers:
        text = write(value)
        assert text
        assert "nan" not in text
        assert "inf" not in text


@given(st.floats(min_value=1e-6, max_value=1e12))
def test_a_number_is_written_to_three_digits(value: float) -> None:
    written = float(quantities.significant(value).replace(",", ""))
    assert written == pytest.approx(value, rel=5.1e-3)


def test_what_changes_the_text_around_it_is_replaced() -> None:
    assert quantities.plain("a\x1b[31mb\u202ec\ud800d\x00\n\te") == "a�[31mb�c�d�\n\te"
    assert quantities.one_line(" a\n\tb  c\x07 ") == "a b c�"


@given(st.text())
def test_plain_texts_can_be_written_to_files(text: str) -> None:
    quantities.plain(text).encode()
