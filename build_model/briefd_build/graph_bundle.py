"""Bundles of one ONNX graph and its tokenizer, which can hold the float32 model beside the optimized one."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from briefd_server.bundle import BASELINE, VariantEntry, describe_file, read_bundle, write_manifest
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME, tokenizer_name

if TYPE_CHECKING:
    from pathlib import Path

GRAPH, _BASELINE_GRAPH = "optimized.onnx", "baseline.onnx"


def add_baseline(directory: Path, baseline: Path) -> None:
    """Put the model of another bundle into a bundle as its float32 baseline, with its own tokenizer."""
    own_tokenizer = tokenizer_name(BASELINE)
    manifest = read_bundle(directory).manifest
    shutil.copyfile(baseline / GRAPH, directory / _BASELINE_GRAPH)
    shutil.copyfile(baseline / TOKENIZER_NAME, directory / own_tokenizer)
    added = {name: describe_file(directory / name) for name in (_BASELINE_GRAPH, own_tokenizer)}
    variants = {**manifest.variants, BASELINE: VariantEntry(_BASELINE_GRAPH, extra_files=(own_tokenizer,))}
    write_manifest(directory, replace(manifest, files={**manifest.files, **added}, variants=variants))
