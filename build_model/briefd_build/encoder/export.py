"""From PyTorch to the ONNX graphs of the default summarizer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from briefd_build.compression.forms import export_encoder
from briefd_build.compression.served_encoder import ServedEncoder, pick_rows
from briefd_server.engines.extractive.session import WindowReading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from briefd_build.encoder.network import MultiTaskEncoder, Reading
    from briefd_build.pipeline.model import Form
    from briefd_server.engines.extractive.pieces import Window


class _ServedNetwork(nn.Module):
    """The network as it is served: windows without padding."""

    def __init__(self, network: MultiTaskEncoder) -> None:
        super().__init__()
        self.encoder = ServedEncoder(network.bert)
        self.network = network

    def forward(self, piece_ids: Tensor, word_starts: Tensor) -> Reading:
        return self.network.read_words(self.encoder(piece_ids, lambda states: pick_rows(states, word_starts)))


def export_form(network: MultiTaskEncoder, form: Form, windows: Iterable[Window], path: Path) -> dict[str, int]:
    """Export with dynamic batch, piece and word counts.

    A form that is optimized takes windows of one length only, without padding.

    Args:
        network: to export.
        form: what to make of it.
        windows: real ones, for static quantization.
        path: of the graph.

    Returns:
        How often the graph has each of ONNX Runtime's own operators.
    """
    network.eval()
    # The fast attention of training exports as three times as many operators.
    network.bert.set_attn_implementation("eager")
    inputs = {"piece_ids": torch.ones((2, 32), dtype=torch.int64), "word_starts": torch.arange(16).repeat(2, 1)}
    feeds = ({"piece_ids": each.piece_ids[None], "word_starts": each.word_starts[None]} for each in windows)
    exported = _ServedNetwork(network) if form.is_optimized else network
    return export_encoder(exported, inputs, WindowReading._fields, form, path, feeds)
