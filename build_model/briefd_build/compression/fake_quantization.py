"""Linear layers that round as their INT8 kernels will, while they are trained (quantization-aware training).

Weights are rounded to 8 bits by channel and inputs by window, each over its own range, exactly as a graph with dynamic
quantization does; gradients pass the rounding as if it were not there (Jacob et al. 2018, "Quantization and Training of
Neural Networks for Efficient Integer-Arithmetic-Only Inference"). Embeddings stay: a row's own scale loses little.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from briefd_build.compression.factored import LinearLayer, matrix_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST_WEIGHT, _LARGEST_INPUT = 127, 255
_LEAST_RANGE = 1e-8


@contextmanager
def fake_quantized(network: nn.Module) -> Iterator[int]:
    """Let a network's linear layers round inside the block; gives their number. Weights and their names stay."""
    layers = [module for module in network.modules() if isinstance(module, LinearLayer)]
    for layer in layers:
        layer.forward = partial(_multiply, layer)  # type: ignore[method-assign]
    try:
        yield len(layers)
    finally:
        for layer in layers:
            del layer.forward


def _multiply(layer: LinearLayer, inputs: Tensor) -> Tensor:
    weight = _rounded_by_channel(matrix_of(layer)).to(inputs.dtype)
    return functional.linear(_rounded_by_window(inputs), weight, layer.bias)


def _rounded_by_channel(weight: Tensor) -> Tensor:
    scales = weight.detach().abs().amax(1).clamp(min=_LEAST_RANGE) / _LARGEST_WEIGHT
    zeros = torch.zeros_like(scales, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -_LARGEST_WEIGHT, _LARGEST_WEIGHT)


def _rounded_by_window(inputs: Tensor) -> Tensor:
    """Round [B, ..., width], every window over its own range, to which 0 always belongs."""
    rows = inputs.detach().flatten(1).float()
    low, high = rows.amin(1).clamp(max=0), rows.amax(1).clamp(min=0)
    scales = (high - low).clamp(min=_LEAST_RANGE) / _LARGEST_INPUT
    zeros = (-low / scales).round().to(torch.int32)
    rounded = torch.fake_quantize_per_channel_affine(inputs.float(), scales, zeros, 0, 0, _LARGEST_INPUT)
    return rounded.to(inputs.dtype)
