"""Writing modules as ONNX files, their weights beside them, shared where several graphs use the same."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import onnx_ir
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import nn

OPSET = 21
"""Version of ONNX's operators."""
# Smaller tensors stay in the graph: the optimizer of ONNX Runtime wants to see them.
_LEAST_EXTERNAL_BYTES = 4096
# Files are mapped into memory by pages.
_PAGE_BYTES = 4096
# Which input of `DynamicQuantizeMatMul` it is.
_ZERO_POINT = 3

Tree = Any
"""A tensor, or a list or tuple of trees; with the same structure: names, or axes by number."""


@dataclass(frozen=True)
class Input:
    """An argument of a module: an example, the names of its tensors, and their axes whose sizes vary."""

    example: Tree
    names: Tree
    axes: Tree


@dataclass
class WeightFiles:
    """Where a folder's graphs keep their weights.

    Attributes:
        folder: of the graphs.
        shared: beginnings of the names of weights that several graphs use, and the file that each is kept in.
    """

    folder: Path
    shared: Mapping[str, str] = field(default_factory=dict)

    def file_for(self, weight_name: str, graph_name: str) -> str:
        """Tell the file of a weight."""
        names = (file for part, file in self.shared.items() if part in weight_name)
        return next(names, f"{graph_name}.weights")


def export_graph(
    module: nn.Module, inputs: Mapping[str, Input], outputs: Tree, graph_name: str, weights: WeightFiles
) -> list[str]:
    """Export a module with one argument for each input, and tell the names of the files that hold it.

    The first is the graph, `graph_name` with the suffix `.onnx`; the others hold its weights.
    """
    model = _export(module, inputs, outputs)
    _unshare_zero_points(model)
    _strip(model)
    files = _write_weights(model, graph_name, weights)
    onnx_ir.save(model, weights.folder / f"{graph_name}.onnx")
    return [f"{graph_name}.onnx", *files]


def _export(module: nn.Module, inputs: Mapping[str, Input], outputs: Tree) -> Any:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module.eval(),
            kwargs={name: given.example for name, given in inputs.items()},
            input_names=[name for given in inputs.values() for name in _leaves(given.names)],
            output_names=list(_leaves(outputs)),
            dynamic_shapes={name: given.axes for name, given in inputs.items()},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    return program.model


def _leaves(tree: Tree) -> Iterator[str]:
    if isinstance(tree, str):
        yield tree
    else:
        for branch in tree:
            yield from _leaves(branch)


def _unshare_zero_points(model: Any) -> None:
    """Give every 8-bit product the zero point of its own that the exporter had merged with those of other layers.

    For processors without 8-bit products ONNX Runtime makes weights unsigned, and refuses (1.31) a zero point that it
    meets twice.
    """
    initializers = model.graph.initializers
    met: set[str] = set()
    for number, node in enumerate(model.graph):
        if node.op_type != "DynamicQuantizeMatMul":
            continue
        shared = node.inputs[_ZERO_POINT]
        if shared.name in met:
            name = f"{shared.name}.{number}"
            initializers[name] = onnx_ir.Value(
                name=name, type=shared.type, shape=shared.shape, const_value=shared.const_value
            )
            node.replace_input_with(_ZERO_POINT, initializers[name])
        met.add(shared.name)


def _strip(model: Any) -> None:
    """Take out what only its making needed: the exporter notes the source lines of every node."""
    graph = model.graph
    values = [*graph.inputs, *graph.outputs, *graph.initializers.values()]
    values += [output for node in graph for output in node.outputs]
    for annotated in (model, graph, *graph, *values):
        annotated.metadata_props.clear()
        annotated.doc_string = None


def _write_weights(model: Any, graph_name: str, weights: WeightFiles) -> list[str]:
    by_file: dict[str, list[Any]] = {}
    for value in model.graph.initializers.values():
        if value.const_value.nbytes >= _LEAST_EXTERNAL_BYTES:
            by_file.setdefault(weights.file_for(value.name, graph_name), []).append(value)
    for file, values in by_file.items():
        _write_file(weights.folder, file, sorted(values, key=lambda value: value.name.split(".")[-1]))
    return list(by_file)


def _write_file(folder: Path, file: str, values: Sequence[Any]) -> None:
    with (folder / file).open("wb") as stream:
        for value in values:
            stream.seek(-(-stream.tell() // _PAGE_BYTES) * _PAGE_BYTES)
            tensor = value.const_value
            offset = stream.tell()
            stream.write(tensor.tobytes())
            value.const_value = onnx_ir.ExternalTensor(
                file, offset, tensor.nbytes, tensor.dtype, shape=tensor.shape, name=value.name, base_dir=folder
            )
