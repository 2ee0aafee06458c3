"""What making a bundle takes of disk and memory, told from the headers of the weights before anything is loaded."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.generative.kernels import Blockwise, DynamicInt8, Float16
from briefd_build.generative.source import read_shapes
from briefd_build.generative.variants import INT8_TABLES, HeadKind
from briefd_build.room import Needs, check_disk, check_memory, free_disk_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_build.generative.kernels import Kernel, TableKernel
    from briefd_build.generative.source import ModelSource
    from briefd_build.generative.variants import Variant

_FLOAT32_BYTES, _FLOAT16_BYTES = 4, 2
_PICKLED_WEIGHT_BYTES = 2
_WIDTH_KEYS = ("hidden_size", "n_embd", "d_model")

# Graphs, tokenizer and manifest, and what the pages of the weights' files leave empty.
_DISK_MARGIN, _DISK_FIXED_BYTES = 1.05, 16 << 20
# PyTorch, transformers and the exporter themselves, and how often the weights are held at once at the worst: the
# model's, those read from it, those of the graph and of the file that are written. A model of pythia-70m's shape peaked
# at 2.0 GB (x86-64, PyTorch 2.13), and these come to 2.1 GB.
_MEMORY_FIXED_BYTES, _HELD_COPIES = 900 << 20, 4
# A session maps a graph's weights and packs them again for its kernels.
_SESSION_COPIES = 2


@dataclass(frozen=True)
class ModelSize:
    """How many weights a model has: those of its layers, and those of one table of a row a token."""

    layer_weights: int
    table_rows: int
    table_width: int

    @property
    def table_weights(self) -> int:
        """Weights of the embedding, and of the output layer."""
        return self.table_rows * self.table_width


def read_size(source: ModelSource) -> ModelSize:
    """Read a model's size: of safetensors from their headers, of pickled weights from the length of the files.

    Raises:
        BuildError: the weights are damaged.

    """
    rows = _whole(source, ("vocab_size",))
    width = _whole(source, _WIDTH_KEYS)
    shapes = read_shapes(source)
    if shapes:
        layer_weights = sum(math.prod(shape) for shape in shapes.values() if shape[:1] != (rows,))
    else:
        weights = sum(file.stat().st_size for file in source.weight_files) // _PICKLED_WEIGHT_BYTES
        layer_weights = max(0, weights - rows * width)
    return ModelSize(layer_weights, rows, width)


def estimate_needs(size: ModelSize, variants: Sequence[Variant], shortlist_size: int) -> Needs:
    """Estimate what exporting these variants and measuring them side by side takes.

    Weights that several variants share are counted once.
    """
    shared: dict[str, float] = {}
    stored = 0.0
    for variant in variants:
        output_rows = shortlist_size if variant.head is HeadKind.SHORTLIST else size.table_rows
        stored += size.layer_weights * _bytes_per_weight(variant.decode)
        stored += output_rows * size.table_width * _bytes_per_weight(variant.output)
        if variant.prefill:
            shared["prefill"] = size.layer_weights * _bytes_per_weight(variant.prefill)
        if variant.tables == INT8_TABLES:
            shared["rows"] = 2 * size.table_weights * _bytes_per_weight(variant.tables)
        else:
            tables = 1 if variant.head is HeadKind.FULL else 2
            stored += tables * size.table_weights * _bytes_per_weight(variant.tables)
    stored += sum(shared.values())
    float32_bytes = _FLOAT32_BYTES * (size.layer_weights + 2 * size.table_weights)
    return Needs(
        disk_bytes=int(stored * _DISK_MARGIN) + _DISK_FIXED_BYTES,
        memory_bytes=int(max(_HELD_COPIES * float32_bytes, _SESSION_COPIES * stored)) + _MEMORY_FIXED_BYTES,
    )


def check_needs(
    needs: Needs,
    directory: Path,
    free_disk_bytes: Callable[[Path], int],
    free_memory_bytes: Callable[[], int],
) -> None:
    """Refuse what does not fit.

    Args:
        needs: of the build.
        directory: whose file system the bundle is made in.
        free_disk_bytes: tells what is free there.
        free_memory_bytes: tells what a process can still get.

    Raises:
        BuildError: there is too little disk or memory.

    """
    making = "making the bundle takes up to"
    remedy = "make room, name another --out, or ask for fewer --variants"
    check_disk(making, needs.disk_bytes, directory, free_disk_bytes(directory), remedy)
    remedy = "end other programs, or make it on a larger machine"
    check_memory(making, needs.memory_bytes, free_memory_bytes(), remedy)


def check_download(cache: Path, byte_count: int) -> None:
    """Refuse a download that the hub's cache has no room for.

    Raises:
        BuildError: there is too little disk.

    """
    remedy = "make room, or set HF_HOME to a directory on another disk"
    check_disk("the model takes", byte_count, cache, free_disk_bytes(cache), remedy)


def _bytes_per_weight(kernel: Kernel | TableKernel) -> float:
    if isinstance(kernel, Blockwise):
        return kernel.bits / 8 + _FLOAT32_BYTES / kernel.block_size
    if isinstance(kernel, Float16):
        return _FLOAT16_BYTES
    return 1.0 if isinstance(kernel, DynamicInt8) else float(_FLOAT32_BYTES)


def _whole(source: ModelSource, keys: Sequence[str]) -> int:
    return next((source.config[key] for key in keys if isinstance(source.config.get(key), int)), 0)
