"""What a call computes and reads: counted from the profile of ONNX Runtime's own run, operator by operator.

A profile tells the shapes of every operator's inputs and outputs and the bytes of its constant inputs, after all
fusions, for any graph that runs; so nothing is inferred, and a call's true lengths, windows and runs are counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_ELEMENT_BYTES = {
    "float": 4.0, "float16": 2.0, "bfloat16": 2.0, "double": 8.0, "int8": 1.0, "uint8": 1.0, "bool": 1.0, "int16": 2.0,
    "uint16": 2.0, "int32": 4.0, "uint32": 4.0, "int64": 8.0, "uint64": 8.0, "int4": 0.5, "uint4": 0.5,
}  # fmt: skip
# What shapes, places and conditions are made of: no weights.
_NO_WEIGHTS = ("int64", "uint64", "bool")


class Array(NamedTuple):
    """An input or output: its element type and shape."""

    kind: str
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> float:
        """What it takes."""
        return prod(self.shape) * _ELEMENT_BYTES.get(self.kind, 0.0)


@dataclass(frozen=True)
class Operation:
    """An operator that was run; inputs that it was not given are left out."""

    type: str
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    constant_bytes: int


class Work(NamedTuple):
    """Multiplications with an addition, and bytes of weights that were read; None where an operator is not known."""

    macs: int | None
    bytes_read: int


def read_profile(profile: Path) -> list[list[Operation]]:
    """Read the operators of each run that a session's profile tells of, in order."""
    runs: list[list[Operation]] = [[]]
    for event in json.loads(profile.read_text(encoding="utf-8")):
        if event["name"] == "model_run":
            runs.append([])
        elif event["name"].endswith("_kernel_time"):
            runs[-1].append(_operation(event["args"]))
    return runs[:-1]


def count_work(runs: Iterable[Sequence[Operation]]) -> Work:
    """Add up what runs computed and read.

    The runs are those of one call in their order: attention to a cache reaches back to the tokens of the runs before.
    """
    macs: int | None = 0
    bytes_read = 0.0
    past_tokens = 0
    for run in runs:
        read_tokens = 0
        for operation in run:
            if operation.type == _CACHED_ATTENTION:
                read_tokens = operation.outputs[0].shape[1]
            found = _count_macs(operation, past_tokens)
            macs = None if macs is None or found is None else macs + found
            bytes_read += _count_bytes(operation)
        past_tokens += read_tokens
    return Work(macs, round(bytes_read))


def _operation(arguments: dict[str, Any]) -> Operation:
    def arrays(key: str) -> tuple[Array, ...]:
        return tuple(Array(kind, tuple(shape)) for each in arguments[key] for kind, shape in each.items())

    return Operation(
        arguments["op_name"], arrays("input_type_shape"), arrays("output_type_shape"), int(arguments["parameter_size"])
    )


_CACHED_ATTENTION = "GroupQueryAttention"


def _count_macs(operation: Operation, past_tokens: int) -> int | None:
    if operation.type == _CACHED_ATTENTION:
        return _cached_attention_macs(operation, past_tokens)
    if operation.type in _UNKNOWN_MACS:
        return None
    count = _MACS.get(operation.type)
    return count(operation) if count else 0


def _product_macs(operation: Operation) -> int:
    """Count a product of matrices, the first of which may be transposed: each number of the output is a sum over K."""
    left, output = operation.inputs[0].shape, operation.outputs[0].shape
    if not prod(output):
        return 0
    if len(left) == 1:
        return prod(output) * left[0]
    # Of the first matrix's two dimensions one is the output's M; a second factor that is a vector leaves M alone.
    rows = output[-1] if len(output) < len(left) else output[-2]
    return prod(output) * left[-2] * left[-1] // rows


def _attention_macs(operation: Operation) -> int:
    """Count attention with its projection: scores and sums over S x S pairs of [B, S, H] tokens."""
    batch, tokens, width = operation.inputs[0].shape
    projected = operation.inputs[1].shape[-1]
    # Queries, keys and values together; the output has the width of the values, queries and keys are of one width.
    value_width = operation.outputs[0].shape[-1]
    query_width = (projected - value_width) // 2
    return batch * tokens * width * projected + batch * tokens * tokens * (query_width + value_width)


def _projected_attention_macs(operation: Operation) -> int:
    """Count attention of projected queries [B, S, H] to keys [B, L, H] (packed queries, keys and values: to S)."""
    queries, output = operation.inputs[0].shape, operation.outputs[0].shape
    if len(queries) == 5:
        return 2 * output[0] * output[1] ** 2 * output[2]
    keys = operation.inputs[1].shape
    total = keys[2] if len(keys) == 4 else keys[1]
    return queries[0] * queries[1] * total * (queries[2] + output[2])


def _cached_attention_macs(operation: Operation, past_tokens: int) -> int:
    """Count attention to a cache, of whose capacity no more is read than there are tokens."""
    batch, tokens, width = operation.outputs[0].shape
    return 2 * batch * tokens * (past_tokens + tokens) * width


_MACS: dict[str, Callable[[Operation], int]] = {
    **dict.fromkeys(
        (
            "MatMul", "FusedMatMul", "Gemm", "FusedGemm", "MatMulInteger", "MatMulIntegerToFloat",
            "DynamicQuantizeMatMul", "QLinearMatMul", "QGemm", "MatMulNBits",
        ),
        _product_macs,
    ),
    **dict.fromkeys(("Attention", "QAttention"), _attention_macs),
    "MultiHeadAttention": _projected_attention_macs,
}  # fmt: skip
# Operators that multiply and add, and are not counted here; all that is in neither list works number by number.
_UNKNOWN_MACS = frozenset((
    "Conv", "FusedConv", "NhwcFusedConv", "ConvInteger", "QLinearConv", "ConvTranspose", "Einsum", "LSTM", "GRU", "RNN",
    "DynamicQuantizeLSTM", "MoE", "QMoE", "DecoderMaskedMultiHeadAttention", "DecoderMaskedSelfAttention",
    "LongformerAttention", "SparseAttention", "MatMulBnb4", "MatMulFpQ4",
))  # fmt: skip


def _count_bytes(operation: Operation) -> float:
    """Count the bytes of weights that an operator reads: all of its constants, or the rows that it looks up.

    Rotations' tables are no weights; a row that is looked up twice is read twice.
    """
    if operation.type in (_CACHED_ATTENTION, "RotaryEmbedding"):
        return 0.0
    if operation.type in ("Gather", "GatherElements", "GatherND"):
        table, output = operation.inputs[0], operation.outputs[0]
        is_constant = table.kind not in _NO_WEIGHTS and operation.constant_bytes >= table.size_bytes
        return output.size_bytes if is_constant else 0.0
    if operation.type == "GatherBlockQuantized":
        table, rows = operation.inputs[0], operation.inputs[1]
        return operation.constant_bytes * prod(rows.shape) / table.shape[0]
    if operation.type in ("EmbedLayerNormalization", "QEmbedLayerNormalization"):
        return _embedding_bytes(operation)
    whole = sum(each.size_bytes for each in operation.inputs if each.kind in _NO_WEIGHTS)
    return max(0.0, operation.constant_bytes - whole)


def _embedding_bytes(operation: Operation) -> float:
    """Count a row of each table for every token, and the normalization's weight and bias."""
    tokens = prod(operation.inputs[0].shape)
    learned = [each for each in operation.inputs if each.kind in ("float", "float16", "int8", "uint8")]
    return sum(
        each.size_bytes * tokens / each.shape[0] if len(each.shape) == 2 else each.size_bytes for each in learned
    )
