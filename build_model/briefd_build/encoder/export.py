"""From PyTorch to the two ONNX graphs of a bundle: float32, and quantized to INT8."""

from __future__ import annotations

import copy
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model
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
    _export(network, path)
    _strip(path)


def _export(network: MultiTaskEncoder, path: Path) -> None:
    piece_ids = torch.ones((2, 32), dtype=torch.int64)
    word_starts = torch.arange(16).repeat(2, 1)
    dynamic = {name: {0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO} for name in _INPUTS}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # the exporter warns of its own internals
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        # The fast attention of training exports as three times as many operators.
        network.bert.set_attn_implementation("eager")
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
        _export(quantizable, float32)
        _fuse(float32, prepared, network)
        quantize_dynamic(
            prepared, path, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"],
            extra_options={"MatMulConstBOnly": True},
        )  # fmt: skip
    _strip(path)


def _strip(path: Path) -> None:
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


def _fuse(source: Path, target: Path, network: MultiTaskEncoder) -> None:
    """Fuse bias and GELU into one operator; normalization stays apart from its addition (see `EncoderSession`)."""
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = False
    options.enable_embed_layer_norm = False
    config = network.bert.config
    heads, width = config.num_attention_heads, config.hidden_size
    fused = optimize_model(
        str(source), "bert", num_heads=heads, hidden_size=width, optimization_options=options, opt_level=0
    )
    fused.save_model_to_file(str(target))
