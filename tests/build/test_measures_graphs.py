"""Weights that graphs hold, counted in graphs whose weights can be counted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from briefd_build.measures.graphs import Weights, count_weights

if TYPE_CHECKING:
    from pathlib import Path

CONTRIB = "com.microsoft"


def write(path: Path, nodes: list[onnx.NodeProto], constants: dict[str, Any], *, external: str | None = None) -> Path:
    tensors = [
        value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value), name)
        for name, value in constants.items()
    ]
    graph = helper.make_graph(
        nodes,
        "any",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        tensors,
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(CONTRIB, 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    kept = {"save_as_external_data": True, "location": external, "size_threshold": 0} if external else {}
    onnx.save(model, path, **kept)
    return path


def count(path: Path, node: onnx.NodeProto, **constants: Any) -> Weights:
    return count_weights([write(path / "graph.onnx", [node], constants)])


def test_float_weights_count_and_scalars_and_whole_numbers_do_not(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "weight"], ["product"]),
        helper.make_node("Constant", [], ["bias"], value=numpy_helper.from_array(np.array([1.0, 0.0], np.float32))),
        helper.make_node("Add", ["product", "bias"], ["sum"]),
        helper.make_node("Div", ["sum", "temperature"], ["scaled"]),
        helper.make_node("Reshape", ["scaled", "shape"], ["y"]),
    ]
    weight = np.array([[1, 0], [2, 3], [0, 0]], np.float32)
    constants = {"weight": weight, "temperature": np.float32(8), "shape": np.array([1, -1])}
    assert count_weights([write(tmp_path / "a.onnx", nodes, constants)]) == Weights(8, 4)


def test_half_floats_count_too(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["x", "weight"], ["y"])
    assert count(tmp_path, node, weight=np.array([[1, 0, 2]], np.float16)) == Weights(3, 2)


def test_codes_are_zero_where_they_are_their_columns_zero_point(tmp_path: Path) -> None:
    node = helper.make_node("DynamicQuantizeMatMul", ["x", "codes", "scales", "zeros"], ["y"], domain=CONTRIB)
    found = count(
        tmp_path,
        node,
        codes=np.array([[3, 7], [3, 5], [0, 7]], np.uint8),
        scales=np.ones(2, np.float32),
        zeros=np.array([3, 7], np.uint8),
    )
    assert found == Weights(6, 2)


@pytest.mark.parametrize("zeros", [None, np.zeros(2, np.int8), np.int8(0)])
def test_without_zero_points_zero_is_zero(zeros: Any, tmp_path: Path) -> None:
    node = helper.make_node("MatMulInteger", ["x", "codes", "", "zeros"], ["y"])
    given = {} if zeros is None else {"zeros": zeros}
    assert count(tmp_path, node, codes=np.array([[3, 0], [0, 5]], np.int8), **given) == Weights(4, 2)


@pytest.mark.parametrize(("axis", "zeros", "nonzeros"), [(0, [1, 2], 3), (1, [1, 2, 9], 1), (-1, [1, 2, 9], 1)])
def test_a_dequantized_weight_has_zero_points_along_its_axis(
    axis: int, zeros: list[int], nonzeros: int, tmp_path: Path
) -> None:
    node = helper.make_node("DequantizeLinear", ["codes", "scales", "zeros"], ["y"], axis=axis)
    codes = np.array([[1, 2, 9], [1, 2, 2]], np.uint8)
    scales = np.ones(len(zeros), np.float32)
    found = count(tmp_path, node, codes=codes, scales=scales, zeros=np.array(zeros, np.uint8))
    assert found == Weights(6, nonzeros)


def test_a_dequantized_weight_may_have_a_zero_point_a_block(tmp_path: Path) -> None:
    node = helper.make_node("DequantizeLinear", ["codes", "scales", "zeros"], ["y"], axis=1, block_size=4)
    codes = np.array([[1, 1, 1, 1, 2, 2, 2, 2, 5]], np.uint8)
    zeros = np.array([[1, 2, 3]], np.uint8)
    assert count(tmp_path, node, codes=codes, scales=np.ones((1, 3), np.float32), zeros=zeros) == Weights(9, 1)


def test_a_transposed_product_has_a_zero_point_a_row(tmp_path: Path) -> None:
    names = ["x", "s", "z", "codes", "scales", "zeros"]
    node = helper.make_node("QGemm", names, ["y"], domain=CONTRIB, transB=1)
    found = count(
        tmp_path,
        node,
        s=np.float32(1),
        z=np.uint8(0),
        codes=np.array([[1, 1, 1], [1, 2, 3]], np.uint8),
        scales=np.ones(2, np.float32),
        zeros=np.array([1, 2], np.uint8),
    )
    assert found == Weights(6, 2)


def test_four_bits_are_unpacked_and_the_middle_code_is_zero(tmp_path: Path) -> None:
    # Two rows of 18 weights in blocks of 16: the last 14 places of the second block are no weights.
    row = [0x88] * 8 + [0x08] + [0x00] * 7
    codes = np.array([row, [0x18] * 8 + [0x88] + [0xFF] * 7], np.uint8).reshape(2, 2, 8)
    node = helper.make_node(
        "MatMulNBits", ["x", "codes", "scales"], ["y"], domain=CONTRIB, bits=4, block_size=16, K=18, N=2
    )
    assert count(tmp_path, node, codes=codes, scales=np.ones(4, np.float32)) == Weights(36, 1 + 8)


def test_four_bits_may_have_zero_points_of_their_own(tmp_path: Path) -> None:
    codes = np.array([[0x31] * 8, [0x22] * 8], np.uint8).reshape(2, 1, 8)
    node = helper.make_node(
        "MatMulNBits", ["x", "codes", "scales", "zeros"], ["y"], domain=CONTRIB, bits=4, block_size=16, K=16, N=2
    )
    zeros = np.array([0x01, 0x02], np.uint8)
    assert count(tmp_path, node, codes=codes, scales=np.ones(2, np.float32), zeros=zeros) == Weights(32, 8)


def test_eight_bits_by_block(tmp_path: Path) -> None:
    codes = np.full((2, 1, 16), 128, np.uint8)
    codes[1, 0, :3] = 7
    node = helper.make_node(
        "MatMulNBits", ["x", "codes", "scales"], ["y"], domain=CONTRIB, bits=8, block_size=16, K=16, N=2
    )
    assert count(tmp_path, node, codes=codes, scales=np.ones(2, np.float32)) == Weights(32, 3)


def test_rows_that_are_looked_up_by_block(tmp_path: Path) -> None:
    codes = np.array([[0x88] * 8, [0x98] * 8], np.uint8)
    node = helper.make_node(
        "GatherBlockQuantized", ["codes", "x", "scales"], ["y"], domain=CONTRIB, bits=4, block_size=16
    )
    assert count(tmp_path, node, codes=codes, scales=np.ones((2, 1), np.float32)) == Weights(32, 8)


def test_an_integer_table_that_is_looked_up_as_it_is(tmp_path: Path) -> None:
    node = helper.make_node("Gather", ["table", "x"], ["y"])
    assert count(tmp_path, node, table=np.array([[1, 0], [0, 0]], np.int8)) == Weights(4, 1)


def test_tables_of_rotations_are_no_weights(tmp_path: Path) -> None:
    node = helper.make_node("RotaryEmbedding", ["x", "p", "cosines", "sines"], ["y"], domain=CONTRIB)
    table = np.ones((8, 4), np.float32)
    assert count(tmp_path, node, cosines=table, sines=table) == Weights(0, 0)


def test_what_graphs_share_counts_once_and_is_read_from_its_file(tmp_path: Path) -> None:
    weight = np.array([[1, 0], [2, 3]], np.float32)
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["y"])]
    first = write(tmp_path / "a.onnx", nodes, {"weight": weight}, external="shared.weights")
    second = tmp_path / "b.onnx"
    second.write_bytes(first.read_bytes())
    own = write(tmp_path / "c.onnx", nodes, {"weight": weight})
    assert count_weights([first]) == Weights(4, 3)
    assert count_weights([first, second]) == Weights(4, 3)
    assert count_weights([first, own]) == Weights(8, 6)
