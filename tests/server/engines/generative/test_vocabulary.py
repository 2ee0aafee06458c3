from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from language_models import byte_level_tokenizer, unigram_tokenizer, vocabulary_of
from tiny_tokenizer import make_tokenizer
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.vocabulary import Vocabulary, VocabularyError

_ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())


def _tokenizer_of(tokens: list[str]) -> Tokenizer:
    """Make a tokenizer with these tokens, and enough others that are words."""
    words = [f"Ġw{number}" for number in range(40)]
    return Tokenizer(models.BPE({token: number for number, token in enumerate([*tokens, *words])}, []))


def _spelled(piece: bytes) -> str:
    """Spell bytes in the byte-level alphabet, by the tokenizers library."""
    tokenizer = Tokenizer(models.BPE({character: number for number, character in enumerate(_ALPHABET)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return "".join(token for token, _ in tokenizer.pre_tokenizer.pre_tokenize_str(piece.decode()))


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        (" the", TokenKind.WORD, " the"),
        (" 2024", TokenKind.WORD, " 2024"),
        (" über", TokenKind.WORD, " über"),
        ("ing", TokenKind.CONTINUATION, "ing"),
        ("'s", TokenKind.CONTINUATION, "'s"),
        (".com", TokenKind.CONTINUATION, ".com"),
        ("世界", TokenKind.CONTINUATION, "世界"),
        ("ि", TokenKind.CONTINUATION, "ि"),
        (" ", TokenKind.OPENING, " "),
        (" (", TokenKind.OPENING, " ("),
        (" –", TokenKind.OPENING, " –"),
        (" don't", TokenKind.OPENING, " don't"),
        (",", TokenKind.PUNCTUATION, ","),
        (" ,", TokenKind.PUNCTUATION, ","),
        ('"', TokenKind.PUNCTUATION, '"'),
        (").", TokenKind.STOP, ")."),
        (".", TokenKind.STOP, "."),
        (" .", TokenKind.STOP, "."),
        ('?"', TokenKind.STOP, '?"'),
        ("。", TokenKind.STOP, "。"),
        (".\n\n", TokenKind.STOP, "."),
        ("\n", TokenKind.END, ""),
        (" \n\n", TokenKind.END, ""),
        ("  ", TokenKind.FORBIDDEN, ""),
        (" a b", TokenKind.FORBIDDEN, ""),
        ("a ", TokenKind.FORBIDDEN, ""),
        ("\t", TokenKind.FORBIDDEN, ""),
        ("a\n", TokenKind.FORBIDDEN, ""),
        ("\x00", TokenKind.FORBIDDEN, ""),
        ("\u00a0", TokenKind.FORBIDDEN, ""),
        ("\u202e", TokenKind.FORBIDDEN, ""),
        ("\ufffd", TokenKind.FORBIDDEN, ""),
    ],
)
def test_the_kind_of_a_token(text, kind, piece):
    vocabulary = Vocabulary(_tokenizer_of([_spelled(text.encode())]), [])
    assert TokenKind(vocabulary.kind(0)) == kind
    assert vocabulary.piece(0) == piece
    assert vocabulary.ends_line(0) == text.startswith(".\n")


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (b"\xe2", TokenKind.CONTINUATION),
        (b"a\xe2\x80", TokenKind.CONTINUATION),
        (b" \xe4\xb8", TokenKind.OPENING),
        (b"\x80", TokenKind.FRAGMENT),
        (b"\x96\xe7", TokenKind.FRAGMENT),
        (b"\xff", TokenKind.FORBIDDEN),
        (b"\xc0", TokenKind.FORBIDDEN),
        (b"a\x80", TokenKind.FORBIDDEN),
    ],
)
def test_the_kind_of_a_token_that_holds_part_of_a_character(piece, kind):
    byte_of = dict(zip(_bytes_in_alphabet_order(), _gpt2_alphabet(), strict=True))
    vocabulary = Vocabulary(_tokenizer_of(["".join(byte_of[byte] for byte in piece)]), [])
    assert TokenKind(vocabulary.kind(0)) == kind
    assert vocabulary.piece(0) == piece
    assert vocabulary.kinds[0] == kind


def _bytes_in_alphabet_order() -> list[int]:
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    return [*printable, *(byte for byte in range(256) if byte not in printable)]


def _gpt2_alphabet() -> list[str]:
    """The alphabet as GPT-2's `bytes_to_unicode` makes it, in its order."""
    return [*(chr(byte) for byte in _bytes_in_alphabet_order()[:188]), *(chr(256 + place) for place in range(68))]


@pytest.mark.parametrize("tokenizer", [byte_level_tokenizer(), unigram_tokenizer()], ids=["byte-level", "unigram"])
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn", "Cs"])))
def test_the_pieces_of_a_text_joined_are_the_text(tokenizer, text):
    vocabulary = vocabulary_of(tokenizer)
    pieces = [vocabulary.piece(token_id) for token_id in tokenizer.encode(f" {text}").ids]
    joined = b"".join(piece if isinstance(piece, bytes) else piece.encode() for piece in pieces).decode()
    unknown = tokenizer.token_to_id("<unk>")
    if unknown is None or unknown not in tokenizer.encode(text).ids:
        assert joined.replace(" ", "").replace("\ufffd", "") == text.replace("\ufffd", "")


def test_special_tokens_are_forbidden_and_added_ones_are_read_as_they_are():
    tokenizer = _tokenizer_of([])
    tokenizer.add_special_tokens(["<|system|>"])
    tokenizer.add_tokens([AddedToken("  "), AddedToken("Ġx")])
    vocabulary = Vocabulary(tokenizer, [tokenizer.token_to_id("<|system|>")])
    assert TokenKind(vocabulary.kind(tokenizer.token_to_id("<|system|>"))) == TokenKind.END
    assert TokenKind(Vocabulary(tokenizer, []).kind(tokenizer.token_to_id("<|system|>"))) == TokenKind.FORBIDDEN
    assert TokenKind(vocabulary.kind(tokenizer.token_to_id("  "))) == TokenKind.FORBIDDEN
    assert vocabulary.piece(tokenizer.token_to_id("Ġx")) == "Ġx"


def test_rows_beyond_the_tokenizer_are_forbidden():
    vocabulary = Vocabulary(_tokenizer_of([]), [0], size=64)
    assert vocabulary.kinds.shape == (64,)
    assert (vocabulary.kinds[40:] == TokenKind.FORBIDDEN).all()
    assert vocabulary.piece(63) == ""


def test_a_tokenizer_of_another_kind_is_refused():
    with pytest.raises(VocabularyError, match="neither"):
        Vocabulary(make_tokenizer(), [])
    with pytest.raises(VocabularyError, match="fewer than"):
        Vocabulary(byte_level_tokenizer(257), [])


def test_a_large_vocabulary_is_read_in_well_under_a_second():
    tokens = [
        *(f"Ġword{number}" for number in range(100_000)),
        *(f"ä¸{_ALPHABET[number % 256]}{number}" for number in range(50_000)),
    ]
    tokenizer = _tokenizer_of(tokens)
    start = time.process_time()
    vocabulary = Vocabulary(tokenizer, [])
    assert time.process_time() - start < 2
    assert vocabulary.size == 150_040
