"""From PyTorch to the two ONNX graphs of a bundle: float32, and quantized to INT8."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from briefd_server.engines.extractive.session import WindowReading

if TYPE_CHECKING:
    from briefd_build.encoder.network import MultiTaskEncoder

_OPSET = 18
_INPUTS = ("piece_ids", "word_starts")


class QuantizedEmbedding(nn.Module):
    """An embedding whose rows are INT8 with one float32 scale each: a quarter of the bytes, on disk and in memory."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scales = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("rows", torch.round(weight / scales).to(torch.int8))
        self.register_buffer("scales", scales)
        self.rows: Tensor
        self.scales: Tensor

    def forward(self, ids: Tensor) -> Tensor:
        """Look the rows up: [..., width] for ids [...]."""
        return self.rows[ids].float() * self.scales[ids]


def export_float32(network: MultiTaskEncoder, path: Path) -> None:
    """Export with dynamic batch, piece and word counts."""
    piece_ids = torch.ones((2, 32), dtype=torch.int64)
    word_starts = torch.arange(16).repeat(2, 1)
    dynamic = {name: {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO} for name in _INPUTS}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        torch.onnx.export(
            network.eval(),
            (piece_ids, word_starts),
            str(path),
            input_names=list(_INPUTS),
            output_names=list(WindowReading._fields),
            dynamic_shapes=dynamic,
            opset_version=_OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


def export_int8(network: MultiTaskEncoder, path: Path) -> None:
    """Export with INT8 embeddings and dynamic INT8 products (weights by channel, activations by tensor)."""
    quantizable = copy.deepcopy(network)
    embeddings = quantizable.bert.embeddings
    for name in ("word_embeddings", "position_embeddings"):
        setattr(embeddings, name, QuantizedEmbedding(getattr(embeddings, name).weight.detach()))
    with tempfile.TemporaryDirectory() as folder:
        float32, prepared = Path(folder) / "float32.onnx", Path(folder) / "prepared.onnx"
        export_float32(quantizable, float32)
        quant_pre_process(str(float32), str(prepared), skip_symbolic_shape=True)
        quantize_dynamic(
            prepared, path, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"],
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
    model = onnx.load(path)
    onnx.checker.check_model(model)
