"""Byte-level BPE tokenizers trained on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

if TYPE_CHECKING:
    from collections.abc import Iterable

END_OF_TEXT = "<|endoftext|>"
"""The one special token: token 0."""


def train_tokenizer(texts: Iterable[str], token_count: int, *, add_prefix_space: bool) -> Tokenizer:
    """Train a tokenizer of up to `token_count` tokens.

    With `add_prefix_space` a text's first word gets a space as every other one has: a word is the same token wherever
    it stands.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=token_count,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer
