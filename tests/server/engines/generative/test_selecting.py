"""Long texts: which of their sentences the model reads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from language_models import CORPUS, byte_level_tokenizer
from tokenizers import Tokenizer, pre_tokenizers

from briefd_server.engines.base import CallContext, CallStopped, UnwatchedCall
from briefd_server.engines.generative.prompt import Prompt, Template
from briefd_server.engines.generative.selecting import RankedSentence, Selection, Selector, choose
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import count_words

LEAST_ROOM = 64
CALL = UnwatchedCall()


@cache
def prompt(prefix: str = "Text: ") -> Prompt:
    """Without a blank at the end of its prefix a sentence has other tokens alone than it has after another."""
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().to_str())
    return Prompt(tokenizer, Template(prefix, "\n\nSummary:"), is_encoder_decoder=False)


class LaterIsBetter:
    """Ranks every sentence above the one before it, or as it is told; compresses to the first words."""

    def __init__(self, worths: Sequence[float] = ()) -> None:
        self._worths = worths
        self.compressed: list[int] = []

    def rank(self, text: str, call: CallContext) -> list[RankedSentence]:
        sentences = [each for each in find_sentences(text) if count_words(text[each.start : each.end])]
        worths = [*self._worths, *map(float, range(len(self._worths), len(sentences)))]
        return [RankedSentence(each.start, each.end, worth) for each, worth in zip(sentences, worths, strict=False)]

    def compress(self, sentence: str, most_words: int, call: CallContext) -> str:
        assert 1 <= most_words < count_words(sentence)
        self.compressed.append(most_words)
        return " ".join(sentence.split()[:most_words])


def select(text: str, room: int, ranker: LaterIsBetter | None = None) -> Selection:
    return Selector(prompt(), ranker or LaterIsBetter()).select(text, room, CALL)


def test_a_text_that_fits_is_read_as_it_is() -> None:
    text = f"\n {CORPUS[0]}\n\n  {CORPUS[1]} "
    selection = select(text, prompt().count(text))
    assert selection == Selection(text.strip(), 2, count_words(text), is_whole=True)


def test_the_best_sentences_are_read_in_the_texts_order() -> None:
    text = " ".join(CORPUS)
    room = prompt().count(" ".join((CORPUS[0], CORPUS[-2], CORPUS[-1])))
    selection = select(text, room, LaterIsBetter([99.0]))
    assert selection == Selection(
        " ".join((CORPUS[0], CORPUS[-2], CORPUS[-1])), len(LaterIsBetter().rank(text, CALL)), count_words(text), False
    )


def test_a_sentence_stands_on_one_line() -> None:
    text = f"{CORPUS[0]}\n\nThe river\nrose   by\ttwo metres."
    assert select(text, prompt().count(CORPUS[0]) - 1).text == "The river rose by two metres."


def test_a_heading_stays_on_its_own_line() -> None:
    text = f"# A new bridge\n\n{CORPUS[0]}\n\n{CORPUS[1]}"
    wanted = f"# A new bridge\n{CORPUS[0]}"
    assert select(text, prompt().count(wanted), LaterIsBetter([9.0, 8.0, 1.0])).text == wanted


def test_words_that_take_no_token_alone_are_not_all_taken() -> None:
    class CountingPrompt(Prompt):
        def count(self, text: str) -> int:
            lengths.append(len(text))
            return super().count(text)

    lengths: list[int] = []
    tokenizer = Tokenizer.from_str(byte_level_tokenizer().to_str())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    counting = CountingPrompt(tokenizer, Template("Text:", "\n\nSummary:"), is_encoder_decoder=False)
    assert counting.count("a") == 0
    text = "a\n\n" * 1000
    selection = Selector(counting, LaterIsBetter()).select(text, LEAST_ROOM, CALL)
    assert LEAST_ROOM // 2 < counting.count(selection.text) <= LEAST_ROOM
    assert len([length for length in lengths if length > 1]) < 10


def test_a_terminals_escapes_are_no_text() -> None:
    text = "The \x1b[31mriver\x1b[0m rose.\n\n" + " ".join(CORPUS)
    assert "\x1b" not in select(text, 10_000).text
    assert select(text, 64, LaterIsBetter([99.0])).text.startswith("The river rose.")


def test_a_best_sentence_that_is_too_long_is_compressed() -> None:
    words = " ".join(CORPUS).replace(".", "").replace("!", "").replace("?", "").split()
    ranker = LaterIsBetter([9.0, 1.0, 2.0])
    selection = select(f"{' '.join(words)}.\n\nIt rained. It snowed.", LEAST_ROOM, ranker)
    assert ranker.compressed
    begun, *_ = selection.text.split("\nIt ")
    assert words[: len(begun.split())] == begun.split()
    assert prompt().count(selection.text) <= LEAST_ROOM
    assert not selection.is_whole


def test_of_a_word_that_is_too_long_the_beginning_is_read_and_said_to_be(caplog: pytest.LogCaptureFixture) -> None:
    text = "qz" * 5000
    with caplog.at_level(logging.WARNING):
        selection = select(text, LEAST_ROOM)
    assert selection.text.endswith("…")
    assert text.startswith(selection.text[:-1])
    assert LEAST_ROOM // 4 - 3 <= prompt().count(selection.text) <= LEAST_ROOM // 4
    (line,) = caplog.messages
    assert "qz" not in line
    assert (selection.sentence_count, selection.words_read) == (1, 1)


def test_a_word_that_is_too_long_leaves_room_for_the_others() -> None:
    selection = select(f"The picture {'qz' * 5000} shows the new bridge.", LEAST_ROOM)
    first, cut, last = selection.text.partition("…")
    assert first.startswith("The picture qzqz")
    assert (cut, last) == ("…", " shows the new bridge.")


class StoppedCall(UnwatchedCall):
    """A call that is stopped after so many checkpoints."""

    def __init__(self, checkpoint_count: int) -> None:
        self._checkpoint_count = checkpoint_count

    def checkpoint(self) -> None:
        self._checkpoint_count -= 1
        if self._checkpoint_count < 0:
            raise CallStopped


@pytest.mark.parametrize("checkpoint_count", [0, 1, 9])
def test_a_stopped_call_ends(checkpoint_count: int) -> None:
    selector = Selector(prompt(), LaterIsBetter())
    with pytest.raises(CallStopped):
        selector.select(" ".join(CORPUS), LEAST_ROOM, StoppedCall(checkpoint_count))


pieces = st.sampled_from(
    [*CORPUS, "It rained.", "No!", "a", "x" * 300, "!" * 200, "\n\n", "- one\n- two\n", "\x1b[0m", "市议会。"]
)
texts = st.lists(pieces | st.text(max_size=20), min_size=1, max_size=30).map(" ".join).filter(count_words)


@given(texts, st.lists(st.floats(-9, 9), max_size=30), st.integers(LEAST_ROOM, 600))
@example("x" * 9000, [], LEAST_ROOM)
@example("word " * 3000, [], LEAST_ROOM)
@example("(" * 3000 + "word" + ")" * 3000, [], LEAST_ROOM)
def test_it_always_fits_and_keeps_everything_that_can_be_kept(text: str, worths: list[float], room: int) -> None:
    selection = select(text, room, LaterIsBetter(worths))
    assert selection.text.strip()
    assert prompt().count(selection.text) <= room
    assert selection.is_whole == (prompt().count(select(text, 1 << 30).text) <= room)
    assert selection.words_read == sum(count_words(text[each.start : each.end]) for each in find_sentences(text))
    glued = Selector(prompt(""), LaterIsBetter(worths)).select(text, room, CALL)
    assert prompt("").count(glued.text) <= room
    if not selection.is_whole and "…" not in selection.text:
        following = iter(text.replace("\x1b[0m", "    ").split())
        assert all(word in following for word in selection.text.split())


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.integers(0, 40)), min_size=1, max_size=20),
    st.integers(0, 200),
)
def test_the_choice_fits_in_order_and_leaves_no_room_for_another(sentences: list[tuple[float, int]], room: int) -> None:
    worths, token_counts = zip(*sentences, strict=True)
    chosen = choose(worths, token_counts, room)
    used = sum(token_counts[number] for number in chosen)
    assert used <= room
    assert chosen == sorted(set(chosen))
    left_out = set(range(len(sentences))) - set(chosen)
    assert all(token_counts[number] > room - used for number in left_out)
    # Who is left out gave way to better ones only.
    for number in left_out:
        better = sum(token_counts[other] for other in chosen if worths[other] >= worths[number])
        assert better + token_counts[number] > room
    if sum(token_counts) <= room:
        assert not left_out
