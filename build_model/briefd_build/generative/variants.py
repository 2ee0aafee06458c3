"""The variants that a generative bundle may hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from briefd_build.generative.kernels import Blockwise, DynamicInt8, Float32

if TYPE_CHECKING:
    from briefd_build.generative.kernels import Kernel, TableKernel

BASELINE = "baseline"

# Blocks of 128 take half the time of blocks of 32 for single tokens (MatMulNBits of ONNX Runtime 1.31 on a Zen 4 core,
# 512 x 50,304, 8 bits: 684 µs against 1,228 µs), and agree with float32 as well: with 4 bits in 98.6 % of 1,086 greedy
# tokens of a headline model, against 98.4 %.
_INT8_BLOCKS = Blockwise(bits=8, block_size=128)
_INT4_BLOCKS = Blockwise(bits=4, block_size=128)
INT8_TABLES = _INT8_BLOCKS
"""How variants store tables that they share."""
INT4_TABLES = _INT4_BLOCKS

# Products of 8-bit numbers in one instruction. Without it, x86 kernels of `DynamicInt8` saturate pairs of products,
# which puts results off by up to 44 % (ONNX Runtime 1.31 made to use its kernels for AVX2 or AVX-512 without VNNI).
# Sessions are opened so that they don't (see `onnx_sessions`), which takes time, as unsigned weights do: exact as
# anywhere, as fast for single tokens, slower for prompts. Kernels of blocks are exact everywhere, their forms need the
# feature for their prompts alone. Arm's kernels for "asimd" are exact for weights from -127 to 127, which `DynamicInt8`
# keeps to.
_INT8_PRODUCTS = ("avx512_vnni", "avx_vnni", "asimddp", "i8mm")


class HeadKind(Enum):
    """How the output layer is computed; see `heads`."""

    FULL = "full"
    SCREENED = "screened"
    SHORTLIST = "shortlist"


@dataclass(frozen=True)
class Variant:
    """How the parts of a model are stored and computed.

    Attributes:
        name: in the manifest.
        description: for people.
        decode: kernel of the layers, for single tokens.
        output: kernel of the output layer.
        head: form of the output layer.
        prefill: kernel for prompts (and of an encoder); none: prompts go through the decoder's own graph.
        tables: how tables are stored that are looked up by token.
        cpu_features: any one of them makes the variant run well; none needed where empty.
    """

    name: str
    description: str
    decode: Kernel
    output: Kernel
    head: HeadKind = HeadKind.FULL
    prefill: Kernel | None = None
    tables: TableKernel = field(default_factory=Float32)
    cpu_features: tuple[str, ...] = ()


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant(BASELINE, "float32", Float32(), Float32()),
        Variant(
            "int8-dynamic", "INT8 weights, a scale a row", DynamicInt8(), DynamicInt8(), tables=INT8_TABLES,
            cpu_features=(*_INT8_PRODUCTS, "asimd"),
        ),
        Variant(
            "int8", "INT8 weights, a scale a block", _INT8_BLOCKS, _INT8_BLOCKS, prefill=DynamicInt8(),
            tables=INT8_TABLES, cpu_features=_INT8_PRODUCTS,
        ),
        Variant(
            "int8-screened", "INT8; output layer screened with 4 bits, then exact", _INT8_BLOCKS, _INT4_BLOCKS,
            HeadKind.SCREENED, DynamicInt8(), INT8_TABLES, _INT8_PRODUCTS,
        ),
        Variant(
            "int8-shortlist", "INT8; output layer of frequent tokens and the text's own", _INT8_BLOCKS, _INT8_BLOCKS,
            HeadKind.SHORTLIST, DynamicInt8(), INT8_TABLES, _INT8_PRODUCTS,
        ),
        Variant(
            "int4", "4 bits; output layer screened with 4 bits, then exact", _INT4_BLOCKS, _INT4_BLOCKS,
            HeadKind.SCREENED, DynamicInt8(), INT8_TABLES, _INT8_PRODUCTS,
        ),
        Variant(
            "int4-shortlist", "4 bits; output layer of frequent tokens and the text's own", _INT4_BLOCKS, _INT8_BLOCKS,
            HeadKind.SHORTLIST, DynamicInt8(), INT8_TABLES, _INT8_PRODUCTS,
        ),
        Variant(
            "int8-portable", "INT8 weights, a scale a row, products that no processor saturates",
            DynamicInt8(unsigned=True), DynamicInt8(unsigned=True), tables=INT8_TABLES,
        ),
    )
}  # fmt: skip
