"""Which tokens every request's shortlist holds."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from wordfreq import top_n_list

from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.vocabulary import LEAST_WORD_TOKENS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokenizers import Tokenizer

    from briefd_server.engines.generative.vocabulary import Vocabulary


def find_ends(vocabulary: Vocabulary) -> list[int]:
    """Find the tokens that end a sentence or the text."""
    is_end = (vocabulary.kinds & np.uint8(TokenKind.STOP | TokenKind.END)) != 0
    return [int(token_id) for token_id in np.flatnonzero(is_end)]


def choose_frequent(tokenizer: Tokenizer, vocabulary: Vocabulary, size: int) -> list[int]:
    """Choose at least `size` tokens, or all that may be written.

    First come the ends of sentences and what decoding cannot do without: some tokens that are whole words, and those of
    one or two characters, which spell everything. Then the tokens of the most frequent English words, within a sentence
    and at its beginning, by turns with the lowest token numbers: vocabularies are learned most frequent first.
    """
    written = (vocabulary.kinds & np.uint8(TokenKind.ANY)) != 0
    by_number = [int(token_id) for token_id in np.flatnonzero(written)]
    words = np.flatnonzero(vocabulary.kinds == TokenKind.WORD)[: 2 * LEAST_WORD_TOKENS]
    short = (token_id for token_id in by_number if len(vocabulary.piece(token_id)) <= 2)
    needed = [*find_ends(vocabulary), *map(int, words), *short]
    wanted = chain(needed, _by_turns(_of_frequent_words(tokenizer, size), by_number))
    chosen = dict.fromkeys(token_id for token_id in wanted if written[token_id])
    return sorted(list(chosen)[: max(size, len(set(needed)))])


def _of_frequent_words(tokenizer: Tokenizer, count: int) -> Iterable[int]:
    for word in top_n_list("en", count):
        for spelled in (f" {word}", f" {word.capitalize()}"):
            yield from tokenizer.encode(spelled, add_special_tokens=False).ids


def _by_turns(first: Iterable[int], second: Iterable[int]) -> Iterable[int]:
    first, second = iter(first), iter(second)
    for each in first:
        yield each
        yield from [other for other in (next(second, None),) if other is not None]
    yield from second
