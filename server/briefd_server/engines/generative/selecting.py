"""What the model is to read: the whole text where it fits into the context, else its best sentences.

Nothing is cut off in silence. A ranker says what every sentence is worth, and the best are given that there is room
for, in the text's order. Where the best of all is too long alone, it is compressed.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from briefd_server.engines.base import Stage
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import blank_terminal_escapes, count_words, find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import CallContext
    from briefd_server.engines.generative.prompt import Prompt

_LOGGER = logging.getLogger(__name__)

MOST_COMPRESSED_WORDS = 300
"""Words that a sentence too long for the context is compressed to at most: a page. Out of 20,000 words, the default
bundle takes 8 s to choose as many on one thread, and 14 s to choose 1,500."""

# A word takes at most its share of the room for so many: what a sentence says is never one word.
_LEAST_KEPT_WORDS = 4
_CUT_MARK = "…"


@dataclass(frozen=True, slots=True)
class RankedSentence:
    """Characters `[start, end)` of a text, and what they are worth: greater is better, in any unit."""

    start: int
    end: int
    worth: float


class SentenceRanker(Protocol):
    """Knows what the sentences of a text are worth. Counts its own stages; lets `CallStopped` pass."""

    def rank(self, text: str, call: CallContext) -> Sequence[RankedSentence]:
        """Give the sentences of a text with at least one word: at least one, in order, without overlap."""

    def compress(self, sentence: str, most_words: int, call: CallContext) -> str:
        """Say a sentence of more words in at most `most_words` of its own, at least 1."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the model is to read of a text, and what there was: `sentence_count` and `words_read` count all of it."""

    text: str
    sentence_count: int
    words_read: int
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    text: str
    worth: float
    token_count: int


class Selector:
    """Chooses what fits into the room that the prompt leaves."""

    def __init__(self, prompt: Prompt, ranker: SentenceRanker) -> None:
        self._prompt = prompt
        self._ranker = ranker

    def select(self, text: str, room: int, call: CallContext) -> Selection:
        """Choose what the model is to read of a text; counts its own stages.

        Args:
            text: what the caller sent, with at least one word.
            room: tokens that the text may add to the prompt, as `Prompt.room` gives them.
            call: the running call.

        Returns:
            The whole text or its best sentences; `Prompt.count` of it is at most `room`.

        Raises:
            CallStopped: the call was stopped.

        """
        with call.stage(Stage.TOKENIZE):
            text = blank_terminal_escapes(text).strip()
            word_counts = [count_words(text[each.start : each.end]) for each in find_sentences(text)]
            call.checkpoint()
            is_whole = self._prompt.count(text) <= room
        chosen = text if is_whole else self._best_sentences(text, room, call)
        return Selection(chosen, sum(count > 0 for count in word_counts), sum(word_counts), is_whole)

    def _best_sentences(self, text: str, room: int, call: CallContext) -> str:
        ranked = self._ranker.rank(text, call)
        with call.stage(Stage.TOKENIZE):
            candidates = [self._candidate(text, sentence, call) for sentence in ranked]
        best = max(range(len(candidates)), key=lambda number: candidates[number].worth)
        if candidates[best].token_count > room:
            candidates[best] = self._compressed(candidates[best], room, call)
        with call.stage(Stage.TOKENIZE):
            chosen = choose([each.worth for each in candidates], [each.token_count for each in candidates], room)
            return self._join([candidates[number] for number in chosen], room, call)

    def _candidate(self, text: str, sentence: RankedSentence, call: CallContext) -> _Candidate:
        call.checkpoint()
        # Sentences are given on one line, however the text broke them.
        content = " ".join(text[sentence.start : sentence.end].split())
        # A word may add nothing to a prompt without text, and still is one more beside others.
        return _Candidate(content, sentence.worth, max(1, self._prompt.count(content)))

    def _join(self, chosen: Sequence[_Candidate], room: int, call: CallContext) -> str:
        """Join sentences; together they may take more tokens than one by one, and then the least have to go."""
        ranked = sorted(range(len(chosen)), key=lambda number: -chosen[number].worth)
        fitting, too_many, kept = 1, len(ranked) + 1, len(ranked)
        while too_many - fitting > 1:
            call.checkpoint()
            if self._prompt.count(_joined(chosen, ranked[:kept])) <= room:
                fitting = kept
            else:
                too_many = kept
            kept = (fitting + too_many) // 2
        return _joined(chosen, ranked[:fitting])

    def _compressed(self, sentence: _Candidate, room: int, call: CallContext) -> _Candidate:
        with call.stage(Stage.TOKENIZE):
            text = self._with_short_words(sentence.text, room // _LEAST_KEPT_WORDS, call)
        most_words, said, token_count = count_words(text), text, self._prompt.count(text)
        while token_count > room and most_words > 1:
            most_words = max(1, min(MOST_COMPRESSED_WORDS, most_words - 1, most_words * room // token_count))
            said = self._ranker.compress(text, most_words, call)
            token_count = self._prompt.count(said)
        if token_count > room:  # marks without end, around a word or two
            said = self._shortened(said, room)
        if _CUT_MARK in said and _CUT_MARK not in sentence.text:
            _LOGGER.warning("a word of the text is too long for the model's context; only its beginning is read")
        return replace(sentence, text=said, token_count=self._prompt.count(said))

    def _with_short_words(self, text: str, most_tokens: int, call: CallContext) -> str:
        """Shorten words without end, a key or an image in letters, so that they leave room for others."""
        parts, last = [], 0
        for word in find_words(text):
            call.checkpoint()
            parts += [text[last : word.start], self._shortened(text[word.start : word.end], most_tokens)]
            last = word.end
        return "".join((*parts, text[last:]))

    def _shortened(self, text: str, most_tokens: int) -> str:
        """Keep as much of a text's beginning as `most_tokens` allow, and mark that it went on."""
        if self._prompt.count(text) <= most_tokens:
            return text
        least, most = 0, len(text)
        while most - least > 1:
            middle = (least + most) // 2
            if self._prompt.count(text[:middle] + _CUT_MARK) <= most_tokens:
                least = middle
            else:
                most = middle
        return text[:least] + _CUT_MARK


def _joined(sentences: Sequence[_Candidate], numbers: Sequence[int]) -> str:
    return "".join(_with_separator(sentences[number]) for number in sorted(numbers)).rstrip()


def _with_separator(sentence: _Candidate) -> str:
    # A heading or an item of a list, which no mark ends, would run into the next sentence on its line.
    return f"{sentence.text}\n" if sentence.text[-1].isalnum() else f"{sentence.text} "


def choose(worths: Sequence[float], token_counts: Sequence[int], room: int) -> list[int]:
    """Choose sentences, best first, each if there is still room for it; of equals the first.

    Where worth says how likely a sentence's words are to matter, this is the knapsack by density: its total falls short
    of the optimum by less than what the first sentence that no longer fits would add (Dantzig 1957, "Discrete-Variable
    Extremum Problems").

    Returns:
        The numbers of the chosen sentences, in order; their `token_counts` are at most `room` in all.

    """
    chosen = []
    for number in sorted(range(len(worths)), key=lambda number: -worths[number]):
        if token_counts[number] <= room:
            chosen.append(number)
            room -= token_counts[number]
    return sorted(chosen)
