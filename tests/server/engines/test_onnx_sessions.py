from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from briefd_server.engines.onnx_sessions import open_session

WIDTH = 64


def write_product(path: Path, weights: np.ndarray) -> None:
    """Write a graph that quantizes rows to 8 bits and multiplies them by 8-bit weights, as quantized bundles do."""
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["rows"], ["quantized", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["quantized", "weights", "zero", "middle"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["numbers", "scale"], ["products"]),
    ]
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, WIDTH])],
        [helper.make_tensor_value_info("products", TensorProto.FLOAT, [None, weights.shape[1]])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.int8(0), "middle")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def test_products_of_8_bits_do_not_overflow(tmp_path: Path) -> None:
    """255 x 127 + 255 x 127 is more than 16 bits hold: x86 processors without VNNI answered 32,767 for such a pair."""
    weights = np.full((WIDTH, 16), 127, dtype=np.int8)
    write_product(tmp_path / "product.onnx", weights)
    rows = np.full((4, WIDTH), 1.0, dtype=np.float32)
    session = open_session(tmp_path / "product.onnx", 1)
    products = session.run(["products"], {"rows": rows})[0]
    np.testing.assert_allclose(products, rows @ weights.astype(np.float32), rtol=1e-3)
    # Processors with VNNI are exact in any case.
    assert session.get_session_options().get_session_config_entry("session.x64quantprecision") == "1"
