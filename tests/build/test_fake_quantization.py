"""Training with rounding: the layers say inside the block what INT8 kernels say, and learn through it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers.pytorch_utils import Conv1D

from briefd_build.compression.fake_quantization import fake_quantized
from briefd_build.torch_export import export_graph
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from pathlib import Path


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 24), nn.GELU(), nn.Linear(24, 4)).eval()


def test_layers_round_as_the_kernels_do(tmp_path: Path) -> None:
    made = network()
    export_graph(made, {"rows": torch.randn(2, 3, 16)}, ["out"], tmp_path / "float32.onnx")
    quantize_dynamic(
        tmp_path / "float32.onnx", tmp_path / "int8.onnx", per_channel=True, weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True},
    )  # fmt: skip
    session = open_session(tmp_path / "int8.onnx", 1)
    rows = torch.randn(1, 9, 16)
    with fake_quantized(made) as count, torch.no_grad():
        rounded = made(rows)
    assert count == 2
    kernels = session.run(["out"], {"rows": rows.numpy()})[0]
    error = np.abs(kernels - made(rows).detach().numpy()).max()
    assert np.abs(kernels - rounded.numpy()).max() < 0.1 * error


def test_afterwards_the_network_is_as_it_was() -> None:
    made, rows = network(), torch.randn(2, 5, 16)
    before, names = made(rows), list(made.state_dict())
    with fake_quantized(made):
        assert list(made.state_dict()) == names
        assert not torch.equal(made(rows), before)
    assert torch.equal(made(rows), before)
    assert all("forward" not in vars(layer) for layer in made)


def test_gpt2_layers_round_too_and_windows_apart() -> None:
    torch.manual_seed(0)
    layer = nn.Sequential(Conv1D(6, 16))
    rows = torch.cat([torch.randn(1, 5, 16), 100 * torch.randn(1, 5, 16)])
    with fake_quantized(layer), torch.no_grad():
        torch.testing.assert_close(layer(rows)[:1], layer(rows[:1]))
        assert (layer(rows)[:1] - layer[0](rows[:1])).abs().max() < 0.05


def test_training_with_rounding_fits_the_rounded_network_better() -> None:
    """Weights of one large value a channel: rounding hurts much, and can be learned around."""
    torch.manual_seed(1)
    start, rows = network(), torch.randn(256, 4, 16)
    with torch.no_grad():
        for layer in (start[0], start[2]):
            layer.weight[:, 0] *= 60
    targets = start(rows).detach()

    def loss_of(made: nn.Module) -> float:
        with fake_quantized(made), torch.no_grad():
            return float((made(rows) - targets).square().mean())

    trained = copy.deepcopy(start)
    optimizer = torch.optim.Adam(trained.parameters(), 1e-3)
    with fake_quantized(trained):
        for _ in range(150):
            optimizer.zero_grad()
            (trained(rows) - targets).square().mean().backward()
            optimizer.step()
    assert loss_of(trained) < 0.8 * loss_of(start)
