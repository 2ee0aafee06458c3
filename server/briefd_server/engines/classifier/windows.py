"""Text as a classifier reads it: word pieces, in windows of what the model reads at once.

A text that fits is one window, as in training. A longer one is read to its end in several, without overlap: each ends
before the last sentence that doesn't fit any more, where a sentence alone doesn't fit between words, and where a run of
characters alone doesn't fit wherever the window is full.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.tokenizer_files import as_served
from briefd_server.text.sentences import find_sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Encoding, Tokenizer


class WindowEncoder:
    """Cuts texts into windows of at most `capacity` pieces, special ones included.

    Args:
        tokenizer: one whose post-processor sets special pieces around a text (`[CLS]` and `[SEP]`).
        capacity: pieces that the model reads at once.

    Raises:
        ValueError: the special pieces leave no room for a text.
    """

    def __init__(self, tokenizer: Tokenizer, capacity: int) -> None:
        self._tokenizer = as_served(tokenizer)
        self._opening, self._closing = _special_ids(tokenizer)
        self._room = capacity - len(self._opening) - len(self._closing)
        if self._room < 1:
            raise ValueError("the special pieces leave no room for a text")

    def encode(self, text: str) -> list[NDArray[np.int64]]:
        """Give the windows of a text, each [T]; at least one, though a text may have no pieces."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids = encoding.ids
        if len(ids) <= self._room:
            return [self._window(ids)]
        cuts = cut(len(ids), self._room, _sentence_starts(text, encoding), _run_starts(text, encoding))
        return [self._window(ids[start:end]) for start, end in cuts]

    def longest_window(self) -> NDArray[np.int64]:
        """Give a full window of the vocabulary's last piece: a model that reads it reads any other."""
        return self._window([self._tokenizer.get_vocab_size() - 1] * self._room)

    def _window(self, ids: Sequence[int]) -> NDArray[np.int64]:
        return np.array([*self._opening, *ids, *self._closing], dtype=np.int64)


def cut(
    piece_count: int, room: int, sentence_starts: Sequence[int], run_starts: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Cut pieces into ranges `[start, end)` of at most `room`, that follow each other and leave nothing out.

    Args:
        piece_count: how many there are.
        room: most pieces of a range, at least 1.
        sentence_starts: where to cut in the first place, in ascending order.
        run_starts: where else, likewise.

    """
    start = 0
    while piece_count - start > room:
        full = start + room
        end = _last_within(sentence_starts, start, full) or _last_within(run_starts, start, full) or full
        yield start, end
        start = end
    yield start, piece_count


def _last_within(positions: Sequence[int], after: int, through: int) -> int | None:
    index = bisect_right(positions, through) - 1
    return positions[index] if index >= 0 and positions[index] > after else None


def _sentence_starts(text: str, encoding: Encoding) -> list[int]:
    ends = [end for _, end in encoding.offsets]
    return [bisect_right(ends, sentence.start) for sentence in find_sentences(text)]


def _run_starts(text: str, encoding: Encoding) -> list[int]:
    """Find the pieces that begin a run of characters between white space; some tokenizers count the space before it."""
    return [
        piece
        for piece, (start, _) in enumerate(encoding.offsets)
        if start < len(text) and (text[start].isspace() or text[start - 1 : start].isspace())
    ]


def _special_ids(tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Tell which special pieces stand before a text and after it."""
    encoding = tokenizer.encode("a")
    bare_count = len(tokenizer.encode("a", add_special_tokens=False).ids)
    opening_count = encoding.special_tokens_mask.index(0)
    return encoding.ids[:opening_count], encoding.ids[opening_count + bare_count :]
