"""The tokenizers of bundles, as every engine wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokenizers import Tokenizer

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle, Manifest

TOKENIZER_NAME = "tokenizer.json"


def tokenizer_name(variant: str) -> str:
    """File name of a variant's own tokenizer: pruning takes pieces out, so a baseline has more."""
    return f"tokenizer.{variant}.json"


def find_tokenizer(manifest: Manifest, variant: str) -> str:
    """Name the file of a variant's own tokenizer where the bundle has one, else of the bundle's."""
    own = tokenizer_name(variant)
    return own if own in manifest.files else TOKENIZER_NAME


def load_tokenizer(bundle: Bundle, variant: str) -> Tokenizer:
    """Load the tokenizer of a variant.

    Raises:
        tokenizers' bare exceptions when the file is no tokenizer.

    """
    return Tokenizer.from_file(str(bundle.directory / find_tokenizer(bundle.manifest, variant)))


def as_served(tokenizer: Tokenizer) -> Tokenizer:
    """Free a tokenizer of what was somebody's training run's, and of reading special pieces in texts."""
    # Published tokenizers often carry the padding and truncation of a training run.
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # "[SEP]" in somebody's text is three characters and a name, not the end of a window.
    tokenizer.encode_special_tokens = True
    return tokenizer
