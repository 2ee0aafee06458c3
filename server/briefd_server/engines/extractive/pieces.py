"""Text as the encoder reads it: word pieces of whole sentences, packed into windows.

Training and serving share this module, so that the model meets the same input in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.tokenizer_files import as_served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from briefd_server.text.words import Word

# Most pieces kept of one word and the punctuation up to the next one: the encoder reads a word off its first piece, and
# a base64 blob of ten thousand pieces would only cost time. 99.99 % of the treebanks' words have fewer.
MAX_PIECES_PER_WORD = 16
# What opens and closes a window, and what stands for what the tokenizer does not know: BERT's names, and XLM-R's.
_OPEN, _CLOSE, _UNKNOWN = ("[CLS]", "<s>"), ("[SEP]", "</s>"), ("[UNK]", "<unk>")


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of one sentence and, for every word, the position of its first piece among them."""

    ids: list[int]
    word_starts: list[int]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Window:
    """A run of words that the encoder reads at once.

    `sentences[i]` is the number of word i's sentence; a sentence that fills more than one window goes on in the next.
    """

    piece_ids: NDArray[np.int64]
    word_starts: NDArray[np.int64]
    sentences: NDArray[np.int64]


class PieceEncoder:
    """Cuts sentences into pieces with a tokenizer that has pieces to open and to close a window, and an unknown one."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = as_served(tokenizer)
        self._open, self._close, self._unknown = (_piece_id(tokenizer, names) for names in (_OPEN, _CLOSE, _UNKNOWN))

    def encode(self, sentences: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Pieces]:
        """Encode sentences, given the words of each (offsets count from the sentence's start; at least one word)."""
        encodings = self._tokenizer.encode_batch(list(sentences), add_special_tokens=False)
        return [
            self._align(encoding.ids, [start for start, _ in encoding.offsets], sentence_words)
            for encoding, sentence_words in zip(encodings, words, strict=True)
        ]

    def _align(self, piece_ids: list[int], piece_offsets: list[int], words: Sequence[Word]) -> Pieces:
        """Give every word its first piece; one that the tokenizer turned into nothing gets the unknown one."""
        ids: list[int] = []
        word_starts = []
        position = 0
        for index, word in enumerate(words):
            lead = position
            while position < len(piece_ids) and piece_offsets[position] < word.start:
                position += 1
            if index == 0:
                ids.extend(piece_ids[lead:position][-MAX_PIECES_PER_WORD:])
            word_starts.append(len(ids))
            next_start = words[index + 1].start if index + 1 < len(words) else None
            first = position
            while position < len(piece_ids) and (next_start is None or piece_offsets[position] < next_start):
                position += 1
            has_own = first < position and piece_offsets[first] < word.end
            own = piece_ids[first:position] if has_own else [self._unknown, *piece_ids[first:position]]
            ids.extend(own[:MAX_PIECES_PER_WORD])
        return Pieces(ids, word_starts)

    def pack(self, sentences: Sequence[Pieces], capacity: int) -> Iterator[Window]:
        """Pack sentences in order into windows of at most `capacity` pieces, the opening and the closing one included.

        A window ends between sentences; a sentence that is longer than a window is cut between words.
        """
        room = capacity - 2
        packing = _Packing()
        for number, pieces in enumerate(sentences):
            for part in _cut(pieces, room):
                if len(packing.ids) + len(part) > room:
                    yield packing.close(self._open, self._close)
                    packing = _Packing()
                packing.add(part, number)
        if packing.ids:
            yield packing.close(self._open, self._close)


class _Packing:
    """The window being filled."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self._word_starts: list[int] = []
        self._sentences: list[int] = []

    def add(self, part: Pieces, number: int) -> None:
        self._word_starts.extend(1 + len(self.ids) + start for start in part.word_starts)
        self._sentences.extend([number] * len(part.word_starts))
        self.ids.extend(part.ids)

    def close(self, open_id: int, close_id: int) -> Window:
        return Window(
            np.array([open_id, *self.ids, close_id], dtype=np.int64),
            np.array(self._word_starts, dtype=np.int64),
            np.array(self._sentences, dtype=np.int64),
        )


def _cut(pieces: Pieces, room: int) -> Iterator[Pieces]:
    """Cut a sentence between words into parts of at most `room` pieces; most sentences are one part."""
    if len(pieces) <= room:
        yield pieces
        return
    ends = [*pieces.word_starts[1:], len(pieces)]
    first_word, first_piece = 0, 0
    for word, end in enumerate(ends):
        if end - first_piece > room:
            yield _part(pieces, first_word, word, first_piece)
            first_word, first_piece = word, pieces.word_starts[word]
    yield _part(pieces, first_word, len(ends), first_piece)


def _part(pieces: Pieces, first_word: int, last_word: int, first_piece: int) -> Pieces:
    end_piece = pieces.word_starts[last_word] if last_word < len(pieces.word_starts) else len(pieces)
    return Pieces(
        pieces.ids[first_piece:end_piece],
        [start - first_piece for start in pieces.word_starts[first_word:last_word]],
    )


def _piece_id(tokenizer: Tokenizer, names: Sequence[str]) -> int:
    """Find the piece of a role, by the first of its names that there is."""
    found = [piece_id for name in names if (piece_id := tokenizer.token_to_id(name)) is not None]
    if not found:
        raise ValueError(f"the tokenizer has no {' or '.join(names)} piece; build the bundle from a BERT-style encoder")
    return int(found[0])
