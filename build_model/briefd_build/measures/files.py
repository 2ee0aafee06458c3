"""The files of a bundle's variant, and what they weigh."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from briefd_server.cpu_features import read_cpu_features
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME, find_tokenizer, tokenizer_name
from briefd_server.forms import choose_forms

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from briefd_server.bundle import Bundle

_DEFLATE_LEVEL = 6
_CHUNK_BYTES = 1 << 20


def served_variant(bundle: Bundle) -> str:
    """Tell which variant the daemon would serve on this processor; raises `EngineLoadError` where it runs none."""
    return choose_forms(bundle, read_cpu_features()).choices[0]


def served_files(bundle: Bundle, variant: str) -> list[Path]:
    """List the files that a device needs to serve a variant, its tokenizer among them, the manifest not."""
    manifest = bundle.manifest
    tokenizers = {tokenizer_name(name) for name in manifest.variants} | {TOKENIZER_NAME}
    of_variants = {file for entry in manifest.variants.values() for file in entry.files}
    needed = (set(manifest.files) - of_variants - tokenizers) | manifest.variants[variant].files
    needed |= {find_tokenizer(manifest, variant)} & set(manifest.files)
    return [bundle.directory / name for name in sorted(needed)]


def total_bytes(files: Iterable[Path]) -> int:
    """Add up the files' sizes."""
    return sum(file.stat().st_size for file in files)


def compressed_bytes(files: Iterable[Path]) -> int:
    """Add up what the files take as one deflate stream each, of level 6: what they take in a zip or on the way."""
    return sum(_compressed_bytes(file) for file in files)


def _compressed_bytes(file: Path) -> int:
    deflate = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    count = 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            count += len(deflate.compress(chunk))
    return count + len(deflate.flush())
