"""Which variant a form asks for: the bundle of a stage holds this one alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_build.generative.kernels import Float16
from briefd_build.generative.onnx_files import OPSET
from briefd_build.generative.variants import BASELINE, INT4_TABLES, VARIANTS, HeadKind, Variant
from briefd_build.pipeline.model import Precision

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Form

# A manifest's `baseline` is what forms are compared with, and never served: float32 that is has a name of its own.
FLOAT32 = replace(VARIANTS[BASELINE], name="float32")
_FLOAT16 = Variant("float16", "float16 weights, computed in float32", Float16(), Float16(), tables=Float16())
# Of 4 bits throughout, and prompts are read by the graph of single tokens: a second copy of the layers and tables of
# 8 bits would be more than all the rest. Screening scores again by rows of 8 bits, so its form is that of `generate`.
_BLOCKS = VARIANTS["int4"].decode
_INT4 = Variant("int4-full", "4 bits", _BLOCKS, _BLOCKS, tables=INT4_TABLES, cpu_features=VARIANTS["int4"].cpu_features)
_INT4_SHORTLIST = replace(
    _INT4,
    name="int4-compact",
    description="4 bits; output layer of frequent tokens and the text's own",
    head=HeadKind.SHORTLIST,
)

OUTPUT_LAYERS = tuple(kind.value for kind in HeadKind)
"""What `Form.output` may be."""
_FULL, _SCREENED, _SHORTLIST = OUTPUT_LAYERS
_VARIANTS = {
    (Precision.FLOAT32, _FULL): FLOAT32,
    (Precision.FLOAT16, _FULL): _FLOAT16,
    (Precision.INT8_DYNAMIC, _FULL): VARIANTS["int8-dynamic"],
    (Precision.INT8_WEIGHTS, _FULL): VARIANTS["int8"],
    (Precision.INT8_WEIGHTS, _SCREENED): VARIANTS["int8-screened"],
    (Precision.INT8_WEIGHTS, _SHORTLIST): VARIANTS["int8-shortlist"],
    (Precision.INT4_WEIGHTS, _FULL): _INT4,
    (Precision.INT4_WEIGHTS, _SCREENED): VARIANTS["int4"],
    (Precision.INT4_WEIGHTS, _SHORTLIST): _INT4_SHORTLIST,
}


def find_variant(form: Form) -> Variant:
    """Find the variant that a form asks for.

    Raises:
        BuildError: no kernel computes this form.

    """
    if form.precision is Precision.INT8_STATIC:
        raise BuildError(
            "language models are not quantized with ranges found beforehand: choose dynamic INT8, or INT8 or INT4 "
            "weights (method = weight-only)"
        )
    if form.opset not in {None, OPSET}:
        raise BuildError(f"language models are written with operators of version {OPSET}; leave opset out")
    variant = _VARIANTS.get((form.precision, form.output))
    if variant is None:
        outputs = [output for precision, output in _VARIANTS if precision is form.precision]
        raise BuildError(
            f"there is no output layer {form.output!r} of {form.precision.value}; choose {' or '.join(outputs)}"
            + ("" if len(outputs) > 1 else f", or {Precision.INT8_WEIGHTS.value} or {Precision.INT4_WEIGHTS.value}")
        )
    return variant
