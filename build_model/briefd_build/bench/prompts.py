"""The prompts that the contenders read: token ids of a given number."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from wordfreq import top_n_list

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# Words of the text that stands in where none is given, and how many of the commonest they are drawn from.
_DRAWN_WORDS = 4000
_COMMON_WORDS = 3000
_SEED = 1


def make_prompts(tokenizer: Tokenizer, text: str | None, count: int, length: int) -> list[list[int]]:
    """Cut prompts of `length` tokens from a text, spread over it; common English words in random order if it is None.

    Raises:
        BuildError: the text is too short for one prompt.

    """
    token_ids = tokenizer.encode(_common_words() if text is None else text, add_special_tokens=False).ids
    if len(token_ids) < length:
        raise BuildError(f"the text of --text has {len(token_ids)} tokens; give one of at least {length}")
    starts = [round(number * (len(token_ids) - length) / max(count - 1, 1)) for number in range(count)]
    return [token_ids[start : start + length] for start in starts]


def _common_words() -> str:
    words = top_n_list("en", _COMMON_WORDS)
    return " ".join(random.Random(_SEED).choices(words, k=_DRAWN_WORDS))  # noqa: S311 - no secret
