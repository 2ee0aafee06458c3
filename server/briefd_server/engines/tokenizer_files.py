"""The tokenizers of bundles, as every engine of word pieces wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle

TOKENIZER_NAME = "tokenizer.json"


def tokenizer_name(variant: str) -> str:
    """File name of a variant's own tokenizer: pruning takes pieces out, so a baseline has more."""
    return f"tokenizer.{variant}.json"


def load_tokenizer(bundle: Bundle, variant: str) -> Tokenizer:
    """Load a variant's own tokenizer where the bundle has one, else the bundle's.

    Raises:
        tokenizers' bare exceptions when the file is no tokenizer.

    """
    own = tokenizer_name(variant)
    return Tokenizer.from_file(str(bundle.directory / (own if own in bundle.manifest.files else TOKENIZER_NAME)))


def as_served(tokenizer: Tokenizer) -> Tokenizer:
    """Free a tokenizer of what was somebody's training run's, and of reading special pieces in texts."""
    # Published tokenizers often carry the padding and truncation of a training run.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # "[SEP]" in somebody's text is three characters and a name, not the end of a window.
    tokenizer.encode_special_tokens = True
    return tokenizer
