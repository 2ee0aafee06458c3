"""From PyTorch to an ONNX graph, with nothing in it that only its making needed."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any

import onnx
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor, nn

_OPSET = 18


def export_graph(
    network: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], path: Path, opset: int | None = None
) -> None:
    """Export a network whose inputs are batches of sequences; both counts are free in the graph.

    Args:
        network: called with the inputs in their order; its outputs are named likewise.
        inputs: examples [B, T, ...] by name, none of whose first two sizes is 1.
        outputs: names.
        path: of the graph.
        opset: version of ONNX's operators; None: the oldest that the exporter writes.
    """
    dynamic = [{0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO} for _ in inputs]
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(dynamic),
            opset_version=opset or _OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def strip_graph(path: Path) -> None:
    """Check a graph and take out what only its making needed: the exporter notes the source lines of every node."""
    model = onnx.load(path)
    del model.metadata_props[:], model.graph.metadata_props[:], model.graph.value_info[:]
    graph = model.graph
    parts: list[Any] = [*graph.node, *graph.initializer, *graph.input, *graph.output]
    for annotated in parts:
        del annotated.metadata_props[:]
        annotated.ClearField("doc_string")
    onnx.checker.check_model(model)
    onnx.save(model, path)
