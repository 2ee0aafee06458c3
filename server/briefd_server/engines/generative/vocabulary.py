"""What each token of a vocabulary writes, and its kind.

Two ways of spelling tokens are read: the byte-level alphabet (GPT-2, GPT-NeoX, Llama 3, SmolLM2, Qwen2, BART), where a
character stands for a byte, and SentencePiece's (T5, Llama 2), where "▁" stands for a blank and "<0xNN>" for a byte.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.generative.marks import MARK_APART, ONLY_STOP, holds_spelling, is_written
from briefd_server.engines.generative.model import TokenKind

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy.typing as npt
    from tokenizers import Tokenizer

LEAST_WORD_TOKENS = 32
"""Tokens of the kind `WORD` that decoding needs to be sure of finding a word that is no repetition."""

_SENTENCE_PIECE_BLANK = "▁"
_SENTENCE_PIECE_BYTE = re.compile(r"<0x([0-9A-F]{2})>")
# They are special in every family; some tokenizers forget to say so.
_SPECIAL_BY_NAME = frozenset({"<unk>", "<s>", "</s>", "<pad>", "<mask>"})
_BYTE_LEVEL_BLANK = "Ġ"


class VocabularyError(Exception):
    """A tokenizer that decoding cannot work with; the message says what is missing."""


class Vocabulary:
    """The tokens of a model: what they write and their kinds.

    Attributes:
        kinds: uint8 `[size]`, the `TokenKind` of each token.

    """

    def __init__(self, tokenizer: Tokenizer, end_ids: Collection[int], size: int | None = None) -> None:
        """Read the vocabulary of a tokenizer.

        Args:
            tokenizer: Of one of the two spellings.
            end_ids: Tokens that mean end-of-text.
            size: Rows of the model's output layer, which may be more than the tokenizer's tokens; as many by default.

        Raises:
            VocabularyError: the tokenizer spells its tokens otherwise, or has too few that begin a word.

        """
        spelled = _spell(tokenizer)
        self.size = max(spelled, default=-1) + 1 if size is None else size
        kinds = bytearray([TokenKind.FORBIDDEN]) * self.size
        pieces = [b""] * self.size
        for token_id, piece in spelled.items():
            if token_id < self.size:
                kinds[token_id], pieces[token_id] = _classify(piece)
        for token_id in end_ids:
            kinds[token_id], pieces[token_id] = TokenKind.END, b""
        self._line_ends = frozenset(
            token_id
            for token_id, kind in enumerate(kinds)
            if kind == TokenKind.STOP and spelled[token_id][-1:] in b"\n\r"
        )
        self._bytes = b"".join(pieces)
        self._ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int32)
        self._kinds = bytes(kinds)
        self.kinds: npt.NDArray[np.uint8] = np.frombuffer(self._kinds, np.uint8)
        if np.count_nonzero(self.kinds == TokenKind.WORD) < LEAST_WORD_TOKENS:
            raise VocabularyError(
                f"fewer than {LEAST_WORD_TOKENS} tokens are a blank and a word: use a model whose tokenizer is a "
                "byte-level BPE or a SentencePiece one trained on text with blanks between words"
            )

    def kind(self, token_id: int) -> int:
        """Return the `TokenKind` of a token as a plain number, which is many times faster to make."""
        return self._kinds[token_id]

    def ends_line(self, token_id: int) -> bool:
        """Tell whether a token is a stop with a line break after it."""
        return token_id in self._line_ends

    def piece(self, token_id: int) -> str | bytes:
        """Return what a token writes: bytes where they begin or end within a character, else characters.

        A stop that the token sets apart from its word, or follows with a line break, is returned alone.
        """
        piece = self._bytes[self._ends[token_id - 1] if token_id else 0 : self._ends[token_id]]
        try:
            return piece.decode()
        except UnicodeDecodeError:
            return piece


def _spell(tokenizer: Tokenizer) -> dict[int, bytes]:
    """Return the bytes of every token that is not special."""
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    if any(token.startswith(_SENTENCE_PIECE_BLANK) for token in vocabulary):
        spelled = {token_id: _spell_sentence_piece(token) for token, token_id in vocabulary.items()}
    elif any(token.startswith(_BYTE_LEVEL_BLANK) for token in vocabulary):
        alphabet = _byte_level_alphabet()
        spelled = {token_id: _spell_byte_level(token, alphabet) for token, token_id in vocabulary.items()}
    else:
        raise VocabularyError("its tokens are spelled neither in byte-level BPE nor in SentencePiece's way")
    for token_id, added in tokenizer.get_added_tokens_decoder().items():
        spelled[token_id] = b"" if added.special else added.content.encode()
    for name in _SPECIAL_BY_NAME & vocabulary.keys():
        spelled[vocabulary[name]] = b""
    return spelled


def _spell_sentence_piece(token: str) -> bytes:
    byte = _SENTENCE_PIECE_BYTE.fullmatch(token) if token.startswith("<0x") else None
    return bytes.fromhex(byte[1]) if byte else token.replace(_SENTENCE_PIECE_BLANK, " ").encode()


def _spell_byte_level(token: str, alphabet: dict[int, str]) -> bytes:
    """Read a token of the byte-level alphabet; one that is not spelled in it writes nothing."""
    rest = token.removeprefix(_BYTE_LEVEL_BLANK)
    if rest.isascii():  # most are: spared the translation, a large vocabulary is read in half the time
        return (b" " if len(rest) < len(token) else b"") + rest.encode()
    spelled = token.translate(alphabet)
    try:
        return spelled.encode("latin-1")
    except UnicodeEncodeError:
        return b""


def _byte_level_alphabet() -> dict[int, str]:
    """Map the characters of GPT-2's alphabet to those whose code point is the byte (`bytes_to_unicode` of its code)."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(0x100) if byte not in printable]
    return {0x100 + place: chr(byte) for place, byte in enumerate(others)}


def _classify(piece: bytes) -> tuple[TokenKind, bytes]:
    """Return the kind of a token and the bytes to write for it."""
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return _kind_of_partial(piece), piece
    body = text[1:] if text[:1] == " " else text
    if body.isalnum():
        return (TokenKind.CONTINUATION if body is text else TokenKind.WORD), piece
    return _classify_unusual(text, body, piece)


def _classify_unusual(text: str, body: str, piece: bytes) -> tuple[TokenKind, bytes]:
    line = body.rstrip("\n\r")
    if len(line) < len(body):
        return _classify_line_end(line.strip(" "))
    if text and not body:
        return TokenKind.OPENING, piece
    if not text or not is_written(body):
        return TokenKind.FORBIDDEN, b""
    is_apart = MARK_APART.fullmatch(text) is not None
    if body is not text and not is_apart:
        return TokenKind.OPENING, piece
    if ONLY_STOP.fullmatch(body):
        return TokenKind.STOP, body.encode()
    return (TokenKind.CONTINUATION if holds_spelling(body) else TokenKind.PUNCTUATION), body.encode()


def _classify_line_end(line: str) -> tuple[TokenKind, bytes]:
    if not line.strip("\n\r "):
        return TokenKind.END, b""
    if ONLY_STOP.fullmatch(line) and is_written(line):
        # What a model says after the line break is another matter: the stop is its last word.
        return TokenKind.STOP, line.encode()
    return TokenKind.FORBIDDEN, b""


def _kind_of_partial(piece: bytes) -> TokenKind:
    if piece[0] & 0xC0 == 0x80:
        return TokenKind.FRAGMENT
    try:
        whole = codecs.getincrementaldecoder("utf-8")().decode(piece)
    except UnicodeDecodeError:
        return TokenKind.FORBIDDEN
    if whole[:1] == " ":
        return TokenKind.OPENING if is_written(whole[1:]) else TokenKind.FORBIDDEN
    return TokenKind.CONTINUATION if is_written(whole) else TokenKind.FORBIDDEN
