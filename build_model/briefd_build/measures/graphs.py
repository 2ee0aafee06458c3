"""What the graphs of a bundle's variant hold: numbers that were learned, and how many of them are not zero.

Counted are the constants of more than one element that are floating-point numbers or codes of 8 bits and fewer, each
stored number once. The scales and zero points of quantized operators and the tables of rotations are no weights, nor
are the whole numbers that shapes and places are made of. A weight that is stored in two forms (an output layer that is
screened in 4 bits and scored again in 8) counts twice, as its bytes do; only a graph for prompts is left out, which
holds the layers of the graph for tokens once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
from onnx import external_data_helper, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from briefd_server.bundle import Bundle

_PREFILL = "prefill"


class Weights(NamedTuple):
    """Numbers in graphs: all, and those that are not zero (of codes: not the zero point)."""

    parameters: int
    nonzeros: int


class _Roles(NamedTuple):
    """What a quantized operator's inputs are, by place; `others` are constants that are no weights."""

    codes: int
    zero_points: int
    others: tuple[int, ...] = ()


_ROLES = {
    "DequantizeLinear": _Roles(0, 2, (1,)),
    "DynamicQuantizeMatMul": _Roles(1, 3, (2,)),
    "GatherBlockQuantized": _Roles(0, 3, (2,)),
    "MatMulInteger": _Roles(1, 3, (2,)),
    "MatMulIntegerToFloat": _Roles(1, 5, (2, 3, 4)),
    "MatMulNBits": _Roles(1, 3, (2, 4)),
    "QAttention": _Roles(1, 7, (3, 4, 6)),
    "QGemm": _Roles(3, 5, (1, 2, 4, 7, 8)),
    "QLinearMatMul": _Roles(3, 5, (1, 2, 4, 6, 7)),
}
# Constants that are computed and not learned, by operator and place: cosines and sines of rotations, scales.
_COMPUTED = {
    "GroupQueryAttention": (7, 8),
    "QuantizeLinear": (1, 2),
    "RotaryEmbedding": (2, 3),
}
# Codes of few bits that are packed into bytes, with the middle code for zero.
_PACKED = ("GatherBlockQuantized", "MatMulNBits")
_LEARNED = (
    onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE,
    onnx.TensorProto.INT8, onnx.TensorProto.UINT8, onnx.TensorProto.INT4, onnx.TensorProto.UINT4,
)  # fmt: skip


def weight_graphs(bundle: Bundle, variant: str) -> list[Path]:
    """List a variant's graphs whose weights count: see the module."""
    graphs = bundle.manifest.engine_parameters.get("graphs", {}).get(variant, {})
    names = bundle.manifest.variants[variant].files - {graphs.get(_PREFILL)}
    return [bundle.directory / name for name in sorted(names) if name.endswith(".onnx")]


def count_weights(graphs: Iterable[Path]) -> Weights:
    """Count the weights of graphs; one that several of them keep in the same place of the same file counts once."""
    counts: dict[object, Weights] = {}
    for path in graphs:
        model = onnx.load(path, load_external_data=False)
        for tensor, count in _counted(model.graph, path.parent):
            counts.setdefault(_place(tensor) or (path, tensor.name), count)
    return Weights(sum(each.parameters for each in counts.values()), sum(each.nonzeros for each in counts.values()))


def _counted(graph: onnx.GraphProto, folder: Path) -> Iterator[tuple[onnx.TensorProto, Weights]]:
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and (value := _attributes(node).get("value")) is not None:
            constants[node.output[0]] = value
            value.name = node.output[0]
    readers: dict[str, onnx.NodeProto] = {}
    no_weights: set[str] = set()
    for node in graph.node:
        roles = _ROLES.get(node.op_type)
        if roles and len(node.input) > roles.codes and node.input[roles.codes] in constants:
            readers[node.input[roles.codes]] = node
        skipped = (*roles.others, roles.zero_points) if roles else _COMPUTED.get(node.op_type, ())
        no_weights.update(node.input[place] for place in skipped if place < len(node.input))
    for name, tensor in constants.items():
        if name in readers:
            yield tensor, _count_codes(tensor, readers[name], constants, folder)
        elif name not in no_weights and tensor.data_type in _LEARNED and np.prod(tensor.dims) > 1:
            values = _read(tensor, folder)
            yield tensor, Weights(values.size, int(np.count_nonzero(values)))


def _count_codes(
    tensor: onnx.TensorProto, node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto], folder: Path
) -> Weights:
    codes = _read(tensor, folder)
    place = _ROLES[node.op_type].zero_points
    named = node.input[place] if place < len(node.input) else ""
    zero_points = _read(constants[named], folder) if named in constants else None
    if node.op_type in _PACKED and tensor.data_type == onnx.TensorProto.UINT8:
        return _count_packed(codes, zero_points, node)
    if zero_points is None or not zero_points.any():
        return Weights(codes.size, int(np.count_nonzero(codes)))
    return Weights(codes.size, int(np.count_nonzero(codes != _aligned(zero_points, codes, node))))


def _aligned(zero_points: NDArray[Any], codes: NDArray[Any], node: onnx.NodeProto) -> NDArray[Any]:
    """Bring zero points to where their codes are: one for all, one for each place of an axis, or one for each block."""
    if zero_points.size == 1:
        return zero_points.reshape(())
    attributes = _attributes(node)
    axis = _axis(node.op_type, attributes, codes.ndim)
    if zero_points.ndim == codes.ndim and zero_points.shape != codes.shape:
        repeated: NDArray[Any] = np.repeat(zero_points, attributes["block_size"], axis)
        return np.take(repeated, range(codes.shape[axis]), axis)
    shape = [1] * codes.ndim
    shape[axis] = -1
    return zero_points.reshape(shape)


def _axis(operator: str, attributes: Mapping[str, Any], dimensions: int) -> int:
    """Tell the axis of codes along which zero points differ: of products, that of the outputs."""
    if operator == "DequantizeLinear":
        return int(attributes.get("axis", 1)) % dimensions
    if operator == "GatherBlockQuantized":
        return int(attributes.get("quantize_axis", 1)) % dimensions
    return 0 if attributes.get("transB") else dimensions - 1


def _count_packed(codes: NDArray[Any], zero_points: NDArray[Any] | None, node: onnx.NodeProto) -> Weights:
    """Count codes in bytes, whose rows consist of blocks with one zero point each, without what fills the last one."""
    attributes = _attributes(node)
    bits: int = attributes.get("bits", 4)
    rows = _unpack(codes.reshape(len(codes), -1), bits)
    count = attributes["K"] if "K" in attributes else rows.shape[1]
    zeros: Any = 1 << (bits - 1)
    if zero_points is not None:
        by_row = zero_points.reshape(len(codes), -1)
        by_block = _unpack(by_row, bits) if by_row.dtype == np.uint8 else by_row
        zeros = np.repeat(by_block, attributes["block_size"], axis=1)[:, :count]
    return Weights(len(rows) * count, int(np.count_nonzero(rows[:, :count] != zeros)))


def _unpack(packed: NDArray[Any], bits: int) -> NDArray[Any]:
    """Unpack rows of bytes: with 4 bits two codes a byte, the lower first."""
    if bits == 8:
        return packed
    return np.stack([packed & 15, packed >> 4], axis=-1).reshape(len(packed), -1)


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _place(tensor: onnx.TensorProto) -> tuple[str, ...] | None:
    """Tell where outside of its graph a tensor is kept."""
    if not external_data_helper.uses_external_data(tensor):
        return None
    where = {entry.key: entry.value for entry in tensor.external_data}
    return where["location"], where.get("offset", "0")


def _read(tensor: onnx.TensorProto, folder: Path) -> NDArray[Any]:
    """Read a tensor, and let go of what was read from outside of its graph."""
    if not external_data_helper.uses_external_data(tensor):
        return numpy_helper.to_array(tensor)
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    external_data_helper.load_external_data_for_tensor(copy, str(folder))
    return numpy_helper.to_array(copy)
