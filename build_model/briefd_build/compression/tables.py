"""Embeddings with INT8 rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from briefd_build.compression.factored import put_module

_LARGEST = 127
# Of a table of fewer rows than this nothing is saved: each lookup is an operator more.
_LEAST_ROWS = 16


class QuantizedEmbedding(nn.Module):
    """An embedding whose rows are INT8 with one float32 scale each: a quarter of the bytes, on disk and in memory."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scales = weight.abs().amax(dim=1, keepdim=True).clamp(min=1e-8) / _LARGEST
        self.register_buffer("rows", torch.round(weight / scales).to(torch.int8))
        self.register_buffer("scales", scales)
        self.rows: Tensor
        self.scales: Tensor

    def forward(self, ids: Tensor) -> Tensor:
        """Look the rows up: [..., width] for ids [...]."""
        return functional.embedding(ids, self.rows).float() * functional.embedding(ids, self.scales)


def quantize_tables(network: nn.Module) -> None:
    """Quantize the embeddings of a network, in place."""
    tables = {path: each for path, each in network.named_modules(remove_duplicate=False) if _is_table(each)}
    quantized = {table: QuantizedEmbedding(table.weight.detach()) for table in set(tables.values())}
    for path, table in tables.items():
        put_module(network, path, quantized[table])


def _is_table(module: nn.Module) -> bool:
    return isinstance(module, nn.Embedding) and module.num_embeddings >= _LEAST_ROWS
