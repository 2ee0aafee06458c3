"""Pairs as the token sequences that a model learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from briefd_build.errors import BuildError
from briefd_server.engines.generative.prompt import Prompt
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from briefd_build.finetuning.pairs import Pair
    from briefd_server.engines.generative.prompt import Template


@dataclass(frozen=True)
class Example:
    """A pair as tokens, int32: the prompt, and the summary with the end of text; and whether the text was shortened."""

    prompt_ids: NDArray[np.int32]
    summary_ids: NDArray[np.int32]
    is_shortened: bool

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.summary_ids)


class PairEncoder:
    """Encodes pairs for one model, the prompt as the daemon does.

    A causal model reads prompt and summary as one sequence; an encoder reads the prompt alone.

    Args:
        tokenizer: the model's.
        template: what stands around the text.
        end_id: the token that ends a summary.
        is_encoder_decoder: whether an encoder reads the prompt.
        context_tokens: most tokens of a sequence.
    """

    def __init__(
        self, tokenizer: Tokenizer, template: Template, end_id: int, *, is_encoder_decoder: bool, context_tokens: int
    ) -> None:
        # Both change how the tokenizer reads special tokens.
        own = Tokenizer.from_str(tokenizer.to_str())
        self._prompt = Prompt(own, template, is_encoder_decoder=is_encoder_decoder)
        self._tokenizer = own
        self._before_summary = template.suffix[-1:] or "a"
        self._end_id = end_id
        self._is_encoder_decoder = is_encoder_decoder
        self.context_tokens = context_tokens

    def encode(self, pair: Pair) -> Example:
        """Encode a pair; a text that is too long for the context is shortened at the end of a sentence.

        Raises:
            BuildError: the context has no room for a word of the text.

        """
        summary_ids = self._encode_summary(pair.summary)
        room = self.context_tokens - len(self._prompt.prefix_ids)
        text = self._shorten(pair.text, room if self._is_encoder_decoder else room - len(summary_ids))
        if not text or len(summary_ids) > self.context_tokens:
            raise BuildError(
                f"{pair.place}: the summary and the template leave no room for the text in a context of "
                f"{self.context_tokens} tokens; shorten the summary, or give more --context-tokens"
            )
        prompt_ids = [*self._prompt.prefix_ids, *self._prompt.encode(text)]
        return Example(np.array(prompt_ids, np.int32), np.array(summary_ids, np.int32), text != pair.text)

    def _encode_summary(self, summary: str) -> list[int]:
        """Encode a summary with the end of text; a decoder's own also with what its tokenizer opens a text with."""
        ids = self._tokenizer.encode(summary).ids if self._is_encoder_decoder else self._encode_continuation(summary)
        return ids if ids[-1:] == [self._end_id] else [*ids, self._end_id]

    def _encode_continuation(self, summary: str) -> list[int]:
        """Encode a summary as what follows the prompt: some tokenizers put a space before whatever begins a text."""
        gap = "" if self._before_summary.isspace() else " "
        before, both, alone = (
            self._tokenizer.encode(text, add_special_tokens=False).ids
            for text in (self._before_summary, self._before_summary + gap + summary, gap + summary)
        )
        return both[len(before) :] if both[: len(before)] == before else alone

    def _shorten(self, text: str, room: int) -> str:
        def fits(end: int) -> bool:
            return len(self._prompt.encode(text[:end])) <= room

        if fits(len(text)):
            return text
        sentence_ends = [sentence.end for sentence in find_sentences(text)]
        # A first sentence that is too long by itself ends after a word.
        end = _last_that_fits(sentence_ends, fits) or _last_that_fits([word.end for word in find_words(text)], fits)
        return text[:end]


def _last_that_fits(ends: Sequence[int], fits: Callable[[int], bool]) -> int:
    """Give the last of rising ends that fits, or 0: wherever one fits, those before it do."""
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if fits(ends[middle]) else (low, middle)
    return ends[low - 1] if low else 0
