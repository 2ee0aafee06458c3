"""How a linear layer or an embedding is stored and computed in an exported graph.

A kernel turns float32 weights into a module that `torch.onnx.export` writes as the operators of ONNX Runtime that
compute it. The modules exist for exporting only: outside of it ONNX Runtime's own operators compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn
from torch.onnx import ops

if TYPE_CHECKING:
    from collections.abc import Sequence

_INT8 = 127
_LEAST_BLOCK_SIZE = 16


class Kernel(Protocol):
    """A way to store and multiply weights."""

    def linear(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """Make the module [..., inputs] -> [..., outputs] of a weight [outputs, inputs] and a bias [outputs]."""


class TableKernel(Protocol):
    """A way to store a table whose rows are looked up by number."""

    def table(self, table: Tensor) -> nn.Module:
        """Make the module [...] -> [..., width] of a table [rows, width]."""


class Float32:
    """Weights as they are."""

    def linear(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """See `Kernel`."""
        layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        layer.weight = nn.Parameter(weight)
        if bias is not None:
            layer.bias = nn.Parameter(bias)
        return layer

    def table(self, table: Tensor) -> nn.Module:
        """See `TableKernel`."""
        embedding: nn.Module = nn.Embedding.from_pretrained(table)
        return embedding


class Float16:
    """Weights stored as float16; products are of float32, into which weights are turned when the graph is loaded.

    Matrices of up to 8,192 numbers stay float32: the exporter computes what it is told of so few.
    """

    def linear(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """See `Kernel`."""
        return _Float16Linear(weight, bias)

    def table(self, table: Tensor) -> nn.Module:
        """See `TableKernel`; rows are turned into float32 once they are looked up."""
        return _Float16Table(table)


class _Float16Linear(nn.Module):
    weight: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        self.register_buffer("weight", weight.t().contiguous().half())
        self.register_buffer("bias", bias)

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = inputs @ self.weight.float()
        return outputs if self.bias is None else outputs + self.bias


class _Float16Table(nn.Module):
    table: Tensor

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table.half())

    def forward(self, numbers: Tensor) -> Tensor:
        return nn.functional.embedding(numbers, self.table).float()


@dataclass(frozen=True)
class DynamicInt8:
    """INT8 weights with a scale a row; inputs are quantized to 8 bits, one scale for all, when they come.

    Attributes:
        unsigned: whether weights are stored as 1 to 255 around 128, and not as -127 to 127: slower, but exact on every
            processor (see `variants`).
    """

    unsigned: bool = False

    def linear(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """See `Kernel`."""
        return _DynamicInt8Linear(weight, bias, self.unsigned)


class _DynamicInt8Linear(nn.Module):
    weight: Tensor
    scales: Tensor
    zero_points: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, unsigned: bool) -> None:  # noqa: FBT001 - the kernel's
        super().__init__()
        scales = weight.abs().amax(dim=1).clamp(min=1e-8) / _INT8
        middle, kind = (_INT8 + 1, torch.uint8) if unsigned else (0, torch.int8)
        codes = torch.round(weight / scales[:, None]) + middle
        self.register_buffer("weight", codes.to(kind).t().contiguous())
        self.register_buffer("scales", scales)
        self.register_buffer("zero_points", torch.full((len(scales),), middle, dtype=kind))
        self.register_buffer("bias", bias)

    def forward(self, inputs: Tensor) -> Tensor:
        return ops.symbolic(
            "com.microsoft::DynamicQuantizeMatMul",
            _without_trailing_none(inputs, self.weight, self.scales, self.zero_points, self.bias),
            dtype=inputs.dtype,
            shape=(*inputs.shape[:-1], len(self.scales)),
            version=1,
        )


@dataclass(frozen=True)
class Blockwise:
    """Weights of few bits, each block of inputs of a row with a scale of its own (`MatMulNBits`).

    Inputs are quantized to 8 bits by the same blocks when they come (accuracy level 4).

    Attributes:
        bits: of a weight, 4 or 8.
        block_size: inputs that share a scale, a power of two from 16.
    """

    bits: int
    block_size: int

    def linear(self, weight: Tensor, bias: Tensor | None) -> nn.Module:
        """See `Kernel`."""
        return _BlockwiseLinear(weight, bias, self)

    def table(self, table: Tensor) -> nn.Module:
        """See `TableKernel`."""
        return _BlockwiseTable(table, self)


class _BlockwiseLinear(nn.Module):
    codes: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, kernel: Blockwise) -> None:
        super().__init__()
        self.output_count, self.input_count = weight.shape
        self.kernel = kernel
        codes, scales = quantize_blocks(weight, kernel)
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales.flatten())
        self.register_buffer("bias", bias)

    def forward(self, inputs: Tensor) -> Tensor:
        return ops.symbolic(
            "com.microsoft::MatMulNBits",
            _without_trailing_none(inputs, self.codes, self.scales, None, None, self.bias),
            {
                "K": self.input_count,
                "N": self.output_count,
                "bits": self.kernel.bits,
                "block_size": self.kernel.block_size,
                "accuracy_level": 4,
            },
            dtype=inputs.dtype,
            shape=(*inputs.shape[:-1], self.output_count),
            version=1,
        )


class _BlockwiseTable(nn.Module):
    codes: Tensor
    scales: Tensor

    def __init__(self, table: Tensor, kernel: Blockwise) -> None:
        super().__init__()
        self.width = table.shape[1]
        # The operator gives whole blocks: those that fill a row where there are any, else a row is filled up.
        fitting = max(_LEAST_BLOCK_SIZE, self.width & -self.width)
        self.kernel = Blockwise(kernel.bits, min(kernel.block_size, fitting))
        codes, scales = quantize_blocks(table, self.kernel)
        self.register_buffer("codes", codes.flatten(1))
        self.register_buffer("scales", scales)

    def forward(self, numbers: Tensor) -> Tensor:
        rows = ops.symbolic(
            "com.microsoft::GatherBlockQuantized",
            (self.codes, numbers, self.scales),
            {"bits": self.kernel.bits, "block_size": self.kernel.block_size, "gather_axis": 0, "quantize_axis": 1},
            dtype=torch.float32,
            shape=(*numbers.shape, self.scales.shape[1] * self.kernel.block_size),
            version=1,
        )
        return rows if rows.shape[-1] == self.width else rows[..., : self.width]


def quantize_blocks(weight: Tensor, kernel: Blockwise) -> tuple[Tensor, Tensor]:
    """Quantize each block of a weight [N, K] around the middle code, 2**(bits - 1).

    The value of the largest magnitude gets the outermost code, which there is on one side only (as
    llama.cpp's Q4_0 does): half a step is won over a symmetric range, which counts with 4 bits.

    Returns:
        codes, uint8 [N, blocks, bytes a block], the lower bits first; scales, float32 [N, blocks]; the last block of a
        row is filled up with zeros.
    """
    rows, columns = weight.shape
    padded = nn.functional.pad(weight, (0, -columns % kernel.block_size))
    blocks = padded.reshape(rows, -1, kernel.block_size)
    middle = 1 << (kernel.bits - 1)
    outermost = blocks.gather(2, blocks.abs().argmax(dim=2, keepdim=True))
    scales = outermost / -middle
    scales = torch.where(scales == 0, 1.0, scales)
    codes = (torch.round(blocks / scales) + middle).clamp(0, 2 * middle - 1).to(torch.uint8)
    if kernel.bits == 4:
        codes = codes[..., ::2] | codes[..., 1::2] << 4
    return codes.contiguous(), scales[..., 0].contiguous()


def _without_trailing_none(*inputs: Tensor | None) -> Sequence[Tensor | None]:
    count = max(number for number, given in enumerate(inputs, start=1) if given is not None)
    return inputs[:count]
