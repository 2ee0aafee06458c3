"""The ONNX graphs of encoders, and of what is built on them, in every form: float32, float16 and quantized."""

from __future__ import annotations

import copy
import io
import logging
import shutil
import tempfile
from collections import Counter
from contextlib import contextmanager, redirect_stdout
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.fusion_options import FusionOptions
from onnxruntime.transformers.optimizer import optimize_model

from briefd_build.compression.tables import quantize_tables
from briefd_build.pipeline.model import Precision
from briefd_build.torch_export import export_graph, strip_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from briefd_build.pipeline.model import Calibration, Form

    Feed = Mapping[str, NDArray[np.int64]]
    """A graph's inputs by name."""

_PRODUCTS = ["MatMul", "Gemm"]
# Products of two activations (attention, arcs) stay float32.
_CONSTANT_WEIGHTS = {"MatMulConstBOnly": True}
_BLOCK_SIZE, _ACCURACY_LEVEL = 128, 4  # as `generative.variants`: half the time of blocks of 32, int8 products
_FLOATS = (Precision.FLOAT32, Precision.FLOAT16)
_CALIBRATION_METHODS = {
    "min-max": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}


def export_encoder(
    network: nn.Module,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    form: Form,
    path: Path,
    calibration: Iterable[Feed] = (),
) -> dict[str, int]:
    """Export a network in a form.

    Args:
        network: float32; called with the inputs in their order.
        inputs: examples [B, T, ...] by name, none of whose first two sizes is 1.
        outputs: names.
        form: what to make of it.
        path: of the graph.
        calibration: real inputs [B, T], for static quantization; as many are read as the form's calibration asks for.

    Returns:
        How often the graph has each of ONNX Runtime's own operators, such as the fused ones.
    """
    exported = copy.deepcopy(network)
    if form.precision not in _FLOATS:
        quantize_tables(exported)
    with tempfile.TemporaryDirectory() as folder, _quiet():
        graph = Path(folder) / "float32.onnx"
        export_graph(exported, inputs, outputs, graph, form.opset)
        if form.is_optimized:
            _fuse(graph)
        _forget_shapes_of_weights(graph)
        _WRITERS[form.precision](graph, path, form.calibration, calibration)
    strip_graph(path)
    nodes = onnx.load(path, load_external_data=False).graph.node
    return dict(Counter(node.op_type for node in nodes if node.domain))


def _forget_shapes_of_weights(graph: Path) -> None:
    """Take out what the exporter noted of weights: the quantizer transposes some, and finds old shapes odd."""
    model = onnx.load(graph)
    weights = {each.name for each in model.graph.initializer}
    kept = [each for each in model.graph.value_info if each.name not in weights]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    onnx.save(model, graph)


def _fuse(graph: Path) -> None:
    """Fuse bias and GELU into one operator; normalization stays apart from its addition (see `EncoderSession`)."""
    options = FusionOptions("bert")
    options.enable_skip_layer_norm = False
    options.enable_embed_layer_norm = False
    optimize_model(str(graph), "bert", optimization_options=options, opt_level=0).save_model_to_file(str(graph))


def _write_float32(graph: Path, path: Path, _calibration: Calibration, _feeds: Iterable[Feed]) -> None:
    shutil.copyfile(graph, path)


def _write_float16(graph: Path, path: Path, _calibration: Calibration, _feeds: Iterable[Feed]) -> None:
    onnx.save(convert_float_to_float16(onnx.load(graph), keep_io_types=True), path)


def _write_dynamic(graph: Path, path: Path, _calibration: Calibration, _feeds: Iterable[Feed]) -> None:
    quantize_dynamic(
        graph, path, per_channel=True, weight_type=QuantType.QInt8, op_types_to_quantize=_PRODUCTS,
        extra_options=_CONSTANT_WEIGHTS,
    )  # fmt: skip


def _write_static(graph: Path, path: Path, calibration: Calibration, feeds: Iterable[Feed]) -> None:
    sample = _of_one_length(list(islice(feeds, calibration.batches)))
    quantize_static(
        graph, path, _Reader(sample), QuantFormat.QDQ, _PRODUCTS, per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=_CALIBRATION_METHODS[calibration.method],
        extra_options={**_CONSTANT_WEIGHTS, "CalibPercentile": calibration.percentile},
    )  # fmt: skip


def _of_one_length(feeds: Sequence[Feed]) -> list[Feed]:
    """Repeat every input [B, T] up to the longest: calibration by histogram fails where shapes differ (ORT #18792)."""
    longest = {name: max(feed[name].shape[1] for feed in feeds) for name in (feeds[0] if feeds else ())}
    return [
        {name: values.take(range(longest[name]), axis=1, mode="wrap") for name, values in feed.items()}
        for feed in feeds
    ]


def _write_blocks(bits: int) -> Callable[[Path, Path, Calibration, Iterable[Feed]], None]:
    def write(graph: Path, path: Path, _calibration: Calibration, _feeds: Iterable[Feed]) -> None:
        quantizer = MatMulNBitsQuantizer(
            onnx.load(graph), bits, _BLOCK_SIZE, is_symmetric=True, accuracy_level=_ACCURACY_LEVEL
        )
        quantizer.process()
        onnx.save(quantizer.model.model, path)

    return write


_WRITERS = {
    Precision.FLOAT32: _write_float32,
    Precision.FLOAT16: _write_float16,
    Precision.INT8_DYNAMIC: _write_dynamic,
    Precision.INT8_STATIC: _write_static,
    Precision.INT8_WEIGHTS: _write_blocks(8),
    Precision.INT4_WEIGHTS: _write_blocks(4),
}


class _Reader(CalibrationDataReader):  # type: ignore[misc] # ONNX Runtime publishes no types
    """Gives inputs one after the other, then None."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        self._feeds = iter(feeds)

    def get_next(self) -> Feed | None:
        return next(self._feeds, None)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' advice to who quantizes by hand from whoever runs a recipe."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)
