"""ONNX graphs as PyTorch modules: one function of PyTorch's an operator, after the ONNX operators' definitions.

Only what the builder's encoder graphs are made of, in float32 and with fixed shapes. (onnx2torch, the converter that
people use, refuses the graphs that PyTorch's exporter writes today: `allowzero` of Reshape.)
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, fx
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_TYPES: dict[int, torch.dtype] = {
    onnx.TensorProto.FLOAT: torch.float32,
    onnx.TensorProto.INT64: torch.int64,
    onnx.TensorProto.INT32: torch.int32,
    onnx.TensorProto.BOOL: torch.bool,
}


def _reshape(data: Tensor, shape: list[int], *, allowzero: int = 0) -> Tensor:
    kept = [data.shape[place] if size == 0 and not allowzero else size for place, size in enumerate(shape)]
    return data.reshape(kept)


def _expand(data: Tensor, shape: list[int]) -> Tensor:
    return data.expand(torch.broadcast_shapes(data.shape, shape))


def _unsqueeze(data: Tensor, axes: list[int]) -> Tensor:
    rank = data.dim() + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        data = data.unsqueeze(axis)
    return data


def _slice(
    data: Tensor, starts: list[int], ends: list[int], axes: list[int] | None = None, steps: list[int] | None = None
) -> Tensor:
    places = [slice(None)] * data.dim()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        places[axes[number] if axes else number] = slice(start, end, steps[number] if steps else 1)
    return data[tuple(places)]


def _gather(data: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    places: list[slice | Tensor] = [slice(None)] * (axis % data.dim())
    places.append(indices)
    return data[tuple(places)]


def _gather_nd(data: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    if batch_dims:
        raise NotImplementedError("GatherND with batch dimensions")
    return data[tuple(indices.unbind(-1))]


def _gemm(
    left: Tensor, right: Tensor, bias: Tensor | None = None, *,
    alpha: float = 1.0, beta: float = 1.0, transA: int = 0, transB: int = 0,  # noqa: N803 - as ONNX names them
) -> Tensor:  # fmt: skip
    product = alpha * ((left.T if transA else left) @ (right.T if transB else right))
    return product if bias is None else product + beta * bias


def _layer_norm(
    data: Tensor, scale: Tensor, bias: Tensor | None = None, *,
    axis: int = -1, epsilon: float = 1e-5, stash_type: int = 1,  # noqa: ARG001 - float32 in any case
) -> Tensor:  # fmt: skip
    return functional.layer_norm(data, data.shape[axis % data.dim() :], scale, bias, epsilon)


def _cast(data: Tensor, *, to: int, saturate: int = 1) -> Tensor:  # noqa: ARG001 - of 8-bit floats
    return data.to(_TYPES[to])


def _gelu(data: Tensor, *, approximate: bytes = b"none") -> Tensor:
    return functional.gelu(data, approximate=approximate.decode())


# Each takes the operator's inputs and, by their names, its attributes; those in `_READS_SHAPES` take lists of numbers
# in place of inputs after the first.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "And": torch.logical_and,
    "Cast": _cast,
    "Concat": lambda *parts, axis: torch.cat(parts, axis),
    "Div": operator.truediv,
    "Equal": operator.eq,
    "Erf": torch.erf,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": lambda data, indices, axis=0: torch.gather(data, axis, indices),
    "GatherND": _gather_nd,
    "Gelu": _gelu,
    "Gemm": _gemm,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "LayerNormalization": _layer_norm,
    "Less": operator.lt,
    "MatMul": operator.matmul,
    "Max": lambda *given: _reduce(torch.maximum, given),
    "Min": lambda *given: _reduce(torch.minimum, given),
    "Mul": operator.mul,
    "Not": torch.logical_not,
    "Or": torch.logical_or,
    "Pow": torch.pow,
    "ReduceMean": lambda data, axes, keepdims=1: data.mean(axes, keepdim=bool(keepdims)),
    "ReduceSum": lambda data, axes, keepdims=1: data.sum(axes, keepdim=bool(keepdims)),
    "Relu": torch.relu,
    "Reshape": _reshape,
    "Sigmoid": torch.sigmoid,
    "Slice": _slice,
    "Softmax": lambda data, axis=-1: torch.softmax(data, axis),
    "Sqrt": torch.sqrt,
    "Squeeze": lambda data, axes: data.squeeze(axes),
    "Sub": operator.sub,
    "Tanh": torch.tanh,
    "Transpose": lambda data, perm: data.permute(perm),
    "Unsqueeze": _unsqueeze,
    "Where": torch.where,
}
_READS_SHAPES = frozenset({"Expand", "ReduceMean", "ReduceSum", "Reshape", "Slice", "Squeeze", "Unsqueeze"})


def _reduce(function: Callable[[Tensor, Tensor], Tensor], given: Sequence[Tensor]) -> Tensor:
    result, *others = given
    for other in others:
        result = function(result, other)
    return result


def missing_operators(path: Path) -> list[str]:
    """List the operators of a graph that have no function here."""
    nodes = onnx.load(path, load_external_data=False).graph.node
    return sorted({node.op_type for node in nodes if node.domain or node.op_type not in _FUNCTIONS})


def read_module(path: Path) -> fx.GraphModule:
    """Read an ONNX file as a module that takes the graph's inputs by name and gives its outputs by name.

    Its operators are among those that `missing_operators` doesn't list, and its shapes are constants.
    """
    source = onnx.load(path).graph
    weights = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in source.initializer}
    names = {name: f"weight_{number}" for number, name in enumerate(weights)}
    graph = fx.Graph()
    values: dict[str, Any] = {given.name: graph.placeholder(given.name) for given in source.input}
    for node in source.node:
        fixed = 1 if node.op_type in _READS_SHAPES else len(node.input)
        for name in node.input[:fixed]:
            if name in names and name not in values:
                values[name] = graph.get_attr(names[name])
        inputs = [values[name] if name else None for name in node.input[:fixed]]
        inputs += [weights[name].tolist() if name else None for name in node.input[fixed:]]
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        values[node.output[0]] = graph.call_function(_FUNCTIONS[node.op_type], tuple(inputs), attributes)
    graph.output({output.name: values[output.name] for output in source.output})
    used = {names[name]: weights[name] for name in names if name in values}
    return fx.GraphModule(used, graph)
