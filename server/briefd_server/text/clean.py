r"""Clean text: what a reader sees of a text, with the way back to the characters that it came from.

A format is read by edits: its marks are taken out or put as layout ("\n\n", "- "), what is spelled as something else
is written out ("&amp;", "\u00e9"). All that is read afterwards is read from the clean text; only where words were
taken from is told in offsets of the source.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


class Edit(NamedTuple):
    """Characters `[start, end)` of a text and what is written for them: nothing where they are taken out."""

    start: int
    end: int
    replacement: str = ""


class _Step(NamedTuple):
    """One pass of edits, as a map from offsets after it to offsets before it.

    Attributes:
        edits: in order, with offsets before the pass.
        written_starts: offset after the pass of each edit's replacement.
        breaks: those of `written_starts` where words of the format were taken out.
    """

    edits: Sequence[Edit]
    written_starts: Sequence[int]
    breaks: Sequence[int]

    def start(self, position: int) -> int:
        """Return where the character at `position` began."""
        return self._before(bisect_right(self.written_starts, position) - 1, position, is_end=False)

    def end(self, position: int) -> int:
        """Return where the character that ends at `position` ended."""
        return self._before(bisect_left(self.written_starts, position) - 1, position, is_end=True)

    def parts(self, end: int, start: int) -> bool:
        """Tell whether words of the format stood between a word that ends at `end` and one that begins at `start`."""
        return bisect_left(self.breaks, end) < bisect_right(self.breaks, start)

    def _before(self, index: int, position: int, *, is_end: bool) -> int:
        if index < 0:
            return position
        edit = self.edits[index]
        beyond = position - self.written_starts[index] - len(edit.replacement)
        if beyond > 0 or (beyond == 0 and not is_end):
            return edit.end + beyond
        return edit.end if is_end else edit.start


class CleanText:
    """A text as it is read: `text` is clean, `source` is what it was made of, in the same order."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.text = source
        self._steps: list[_Step] = []

    def apply(self, edits: Sequence[Edit]) -> None:
        """Edit the text: by edits in order that don't overlap, with offsets of the present `text`."""
        if not edits:
            return
        parts: list[str] = []
        starts: list[int] = []
        breaks: list[int] = []
        position = length = 0
        for edit in edits:
            length += edit.start - position
            parts += (self.text[position : edit.start], edit.replacement)
            starts.append(length)
            if _holds_word(self.text[edit.start : edit.end]) and not _holds_word(edit.replacement):
                breaks.append(length)
            length += len(edit.replacement)
            position = edit.end
        parts.append(self.text[position:])
        self.text = "".join(parts)
        self._steps.append(_Step(edits, starts, breaks))

    def source_start(self, position: int) -> int:
        """Return where in `source` the character at `position` of `text` began."""
        for step in reversed(self._steps):
            position = step.start(position)
        return position

    def source_ranges(self, start: int, end: int) -> list[tuple[int, int]]:
        """Tell where the words of `text[start:end]` came from.

        Returns:
            Ranges of `source` in order, each from the start of a word to the end of one: one range in all, or several
            where the format had words of its own in between.
        """
        if not self._steps:
            return [(start, end)]
        words = [(word.start, word.end) for word in find_words(self.text, start, end)]
        is_parted = [False] * len(words)
        for step in reversed(self._steps):
            for number in range(1, len(words)):
                is_parted[number] |= step.parts(words[number - 1][1], words[number][0])
            words = [(step.start(first), step.end(last)) for first, last in words]
        ranges: list[tuple[int, int]] = []
        for (first, last), is_apart in zip(words, is_parted, strict=True):
            if ranges and not is_apart:
                ranges[-1] = (ranges[-1][0], last)
            else:
                ranges.append((first, last))
        return ranges


def _holds_word(text: str) -> bool:
    return _LETTER_OR_DIGIT.search(text) is not None
