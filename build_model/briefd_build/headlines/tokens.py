"""The headline model's tokenizer, and pairs as the token sequences that it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.byte_level import END_OF_TEXT
from briefd_server.engines.generative.prompt import Template

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from briefd_build.headlines.pairs import Pair

# The end of text opens every prompt as well, so that the first token attended to is always the same.
TEMPLATE = Template(prefix=END_OF_TEXT, suffix="\n\nSummary:")


@dataclass(frozen=True)
class Example:
    """A pair as tokens: the prompt with its prefix and suffix, and the summary with the end of text."""

    prompt_ids: np.ndarray
    summary_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.prompt_ids) + len(self.summary_ids)


def encode_pairs(tokenizer: Tokenizer, pairs: Sequence[Pair], most_tokens: int) -> list[Example]:
    """Encode pairs, leaving out those with more than `most_tokens` tokens."""
    end = tokenizer.token_to_id(END_OF_TEXT)
    prefix = tokenizer.encode(TEMPLATE.prefix).ids
    prompts = tokenizer.encode_batch_fast([pair.text + TEMPLATE.suffix for pair in pairs])
    summaries = tokenizer.encode_batch_fast([pair.summary for pair in pairs])
    examples = [
        Example(np.array([*prefix, *prompt.ids], np.int32), np.array([*summary.ids, end], np.int32))
        for prompt, summary in zip(prompts, summaries, strict=True)
    ]
    return [example for example in examples if len(example) <= most_tokens]


def interchangeable_ids(tokenizer: Tokenizer) -> list[np.ndarray]:
    """Find groups of tokens that can stand for one another: names that begin a word, and whole numbers.

    A token is taken for a name when it is capitalized and has no twin in lower case, as sentence openers have.
    """
    vocabulary = tokenizer.get_vocab()
    names, numbers = [], []
    for token, number in sorted(vocabulary.items(), key=lambda item: item[1]):
        word = token[1:]
        if not token.startswith("Ġ") or not word.isascii():
            continue
        if word.isdigit():
            numbers.append(number)
        elif len(word) > 2 and word.isalpha() and word.istitle() and f"Ġ{word.lower()}" not in vocabulary:
            names.append(number)
    return [np.array(group, np.int32) for group in (names, numbers)]
