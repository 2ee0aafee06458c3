"""The windows of a text: read once in order, few kept, the others read again when asked for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.engines.extractive.windows import WindowReadings


class Encoder:
    """Says of a window its number, and remembers what it was asked."""

    def __init__(self, count: int, most_retained: int) -> None:
        self.calls: list[tuple[int, bool]] = []
        self.windows = [SimpleNamespace(number=number) for number in range(count)]
        self.readings = WindowReadings(self.windows, self._read, most_retained)

    def _read(self, window: SimpleNamespace, is_last_of_many: bool) -> object:
        self.calls.append((window.number, is_last_of_many))
        return SimpleNamespace(number=window.number)


@given(st.integers(1, 300), st.integers(0, 5))
def test_every_window_is_read_once_and_few_are_kept(count: int, most_retained: int) -> None:
    encoder = Encoder(count, most_retained)
    assert [(window.number, reading.number) for window, reading in encoder.readings] == [
        (number, number) for number in range(count)
    ]
    assert encoder.calls == [(number, 0 < number == count - 1) for number in range(count)]
    assert len(encoder.readings.retained) == min(count, most_retained)


@pytest.mark.parametrize(("number", "calls"), [(0, 0), (3, 0), (4, 1), (9, 1)])
def test_windows_that_are_not_kept_are_read_again(number: int, calls: int) -> None:
    encoder = Encoder(10, 4)
    list(encoder.readings)
    encoder.calls.clear()
    assert encoder.readings.again(number).number == number
    assert len(encoder.calls) == calls
    assert len(encoder.readings.retained) == 4
