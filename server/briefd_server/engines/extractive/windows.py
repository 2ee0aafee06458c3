"""The windows of a text, read in order, of which a few stay at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_server.engines.extractive.pieces import Window
    from briefd_server.engines.extractive.session import WindowReading

# A full window's outputs take about 0.8 MB; the sentence that is chosen mostly stands in the first windows.
MOST_RETAINED = 4


class WindowReadings:
    """What the encoder says of a text's windows.

    Args:
        windows: all of them, in order.
        read: has the encoder read one; told whether it is the last of many.
        most_retained: the outputs of so many windows, the first ones, are kept; others are read again when asked for.

    Attributes:
        retained: outputs that are kept.
    """

    def __init__(
        self, windows: Sequence[Window], read: Callable[[Window, bool], WindowReading], most_retained: int
    ) -> None:
        self._windows = windows
        self._read = read
        self._most_retained = most_retained
        self.retained: list[WindowReading] = []

    def __iter__(self) -> Iterator[tuple[Window, WindowReading]]:
        """Read the windows in order, each once."""
        for number, window in enumerate(self._windows):
            reading = self._read_window(number)
            if number == len(self.retained) < self._most_retained:
                self.retained.append(reading)
            yield window, reading

    def again(self, number: int) -> WindowReading:
        """Give the outputs for window `number`, from 0."""
        return self.retained[number] if number < len(self.retained) else self._read_window(number)

    def _read_window(self, number: int) -> WindowReading:
        is_last_of_many = 0 < number == len(self._windows) - 1
        return self._read(self._windows[number], is_last_of_many)
