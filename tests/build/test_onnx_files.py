"""What is mended in graphs between their export and their file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import torch
from torch import Tensor, nn

from briefd_build.generative.kernels import DynamicInt8
from briefd_build.generative.onnx_files import Input, WeightFiles, export_graph

if TYPE_CHECKING:
    from pathlib import Path


class TwoProducts(nn.Module):
    """Two layers of one size: their zero points are the same numbers."""

    def __init__(self) -> None:
        super().__init__()
        weights = torch.randn((2, 8, 8), generator=torch.Generator().manual_seed(0))
        self.layers = nn.ModuleList(DynamicInt8().linear(weight, None) for weight in weights)

    def forward(self, rows: Tensor) -> Tensor:
        for layer in self.layers:
            rows = layer(rows)
        return rows


def test_every_product_has_a_zero_point_of_its_own(tmp_path: Path) -> None:
    """ONNX Runtime opens no graph where products share one, on processors whose products it makes exact."""
    inputs = {"rows": Input(torch.zeros(3, 8), "rows", {})}
    export_graph(TwoProducts(), inputs, ["out"], "graph", WeightFiles(tmp_path))
    graph = onnx.load(tmp_path / "graph.onnx").graph
    zero_points = [node.input[3] for node in graph.node if node.op_type == "DynamicQuantizeMatMul"]
    assert len(set(zero_points)) == len(zero_points) == 2
    assert set(zero_points) <= {each.name for each in graph.initializer}
