"""Windows hold every piece of a text, once and in order, and end where a reader would pause."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_tokenizer import make_tokenizer
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from briefd_server.engines.classifier.windows import WindowEncoder, cut

WORDS = ("the", "pump", "stopped", "at", "two", "rain", "fell")


def windows_of(text: str, capacity: int) -> list[str]:
    tokenizer = make_tokenizer(WORDS)
    encoder = WindowEncoder(tokenizer, capacity)
    return [" ".join(tokenizer.id_to_token(piece) for piece in window) for window in encoder.encode(text)]


def test_a_text_that_fits_is_one_window() -> None:
    assert windows_of("The pump stopped.", 6) == ["[CLS] the pump stopped . [SEP]"]


def test_windows_end_between_sentences() -> None:
    assert windows_of("The rain fell. The pump stopped at two.", 9) == [
        "[CLS] the rain fell . [SEP]",
        "[CLS] the pump stopped at two . [SEP]",
    ]


def test_a_sentence_that_fills_a_window_is_cut_between_words() -> None:
    assert windows_of("The pump stopped at two, x-ray at two.", 8) == [
        "[CLS] the pump stopped at two , [SEP]",
        "[CLS] x - r ##a ##y at [SEP]",
        "[CLS] two . [SEP]",
    ]


def test_a_run_of_characters_that_fills_a_window_is_cut_anywhere() -> None:
    assert windows_of("qwertyuiop", 6) == [
        "[CLS] q ##w ##e ##r [SEP]",
        "[CLS] ##t ##y ##u ##i [SEP]",
        "[CLS] ##o ##p [SEP]",
    ]


def test_a_text_without_pieces_is_one_window() -> None:
    assert windows_of(" \u0301 ", 8) == ["[CLS] [SEP]"]


def test_pieces_that_begin_with_their_space_are_cut_before_it() -> None:
    vocabulary = {piece: number for number, piece in enumerate(["<s>", "</s>", "a", "b", "Ġa", "Ġb"])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<s>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=False)
    windows = WindowEncoder(tokenizer, 5).encode("a b a b")
    assert [list(window) for window in windows] == [[0, 2, 5, 4, 1], [0, 5, 1]]


starts = st.lists(st.integers(0, 200)).map(sorted)


@given(st.integers(0, 200), st.integers(1, 50), starts, starts)
def test_ranges_cover_all_pieces_once(piece_count: int, room: int, sentences: list[int], runs: list[int]) -> None:
    ranges = list(cut(piece_count, room, sentences, runs))
    assert [piece for start, end in ranges for piece in range(start, end)] == list(range(piece_count))
    assert all(end - start <= room for start, end in ranges)
    assert len(ranges) == 1 or all(start < end for start, end in ranges)


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(3, 20))
def test_windows_hold_all_pieces_of_a_text(text: str, capacity: int) -> None:
    tokenizer = make_tokenizer(WORDS)
    encoder = WindowEncoder(tokenizer, capacity)
    windows = encoder.encode(text)
    pieces = [piece for window in windows for piece in window[1:-1]]
    assert pieces == tokenizer.encode(text, add_special_tokens=False).ids
    assert max(map(len, windows)) <= capacity
    assert len(encoder.longest_window()) == capacity
