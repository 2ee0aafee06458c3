"""What a run computes and reads, counted in graphs whose work can be counted by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from briefd_build.measures.counting import RunLog
from briefd_build.measures.operations import Array, Operation, Work, count_work
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from pathlib import Path

CONTRIB = "com.microsoft"


def count(folder: Path, nodes: list[onnx.NodeProto], constants: dict[str, Any], *feeds: dict[str, Any]) -> Work:
    """Run a graph with the output `y` on each feed, profiled, and count."""
    kinds = {name: helper.np_dtype_to_tensor_dtype(array.dtype) for name, array in feeds[0].items()}
    graph = helper.make_graph(
        nodes,
        "any",
        [helper.make_tensor_value_info(name, kind, [None] * feeds[0][name].ndim) for name, kind in kinds.items()],
        [helper.make_empty_tensor_value_info("y")],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid(CONTRIB, 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), folder / "graph.onnx")
    log = RunLog(folder)
    with log.recording():
        session = open_session(folder / "graph.onnx", 1)
        for feed in feeds:
            session.run(None, feed)
    return count_work(log.runs())


def floats(*shape: int) -> Any:
    return np.ones(shape, np.float32)


def test_a_product_and_its_bias(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["p"]), helper.make_node("Add", ["p", "bias"], ["y"])]
    constants = {"weight": floats(4, 5), "bias": floats(5)}
    found = count(tmp_path, nodes, constants, {"x": floats(1, 3, 4)})
    assert found == Work(3 * 4 * 5, 4 * (4 * 5 + 5))


def test_every_run_counts_and_reads_the_weights_again(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["y"])]
    found = count(tmp_path, nodes, {"weight": floats(4, 5)}, {"x": floats(3, 4)}, {"x": floats(1, 4)})
    assert found == Work((3 + 1) * 4 * 5, 2 * 4 * 4 * 5)


def test_products_of_activations_read_no_weights(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["x", "t"], ["y"]),
    ]
    # The transposition becomes part of the product when the graph is loaded.
    assert count(tmp_path, nodes, {}, {"x": floats(1, 2, 6, 4)}) == Work(2 * 6 * 6 * 4, 0)


def test_a_first_factor_that_is_transposed(tmp_path: Path) -> None:
    node = helper.make_node("FusedMatMul", ["x", "weight"], ["y"], domain=CONTRIB, transA=1)
    assert count(tmp_path, [node], {"weight": floats(4, 5)}, {"x": floats(4, 3)}) == Work(3 * 4 * 5, 4 * 4 * 5)


@pytest.mark.parametrize(("shape", "macs"), [((4,), 4 * 5), ((0, 4), 0)])
def test_vectors_and_nothing(shape: tuple[int, ...], macs: int, tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["x", "weight"], ["y"])
    assert count(tmp_path, [node], {"weight": floats(4, 5)}, {"x": floats(*shape)}).macs == macs


def test_a_vector_as_the_second_factor(tmp_path: Path) -> None:
    node = helper.make_node("MatMul", ["x", "weight"], ["y"])
    assert count(tmp_path, [node], {"weight": floats(4)}, {"x": floats(3, 4)}) == Work(3 * 4, 4 * 4)


@pytest.mark.parametrize("transposes", [0, 1])
def test_gemm(transposes: int, tmp_path: Path) -> None:
    node = helper.make_node("Gemm", ["x", "weight", "bias"], ["y"], transB=transposes)
    weight = floats(5, 4) if transposes else floats(4, 5)
    found = count(tmp_path, [node], {"weight": weight, "bias": floats(5)}, {"x": floats(3, 4)})
    assert found == Work(3 * 4 * 5, 4 * (4 * 5 + 5))


def test_int8_weights_are_a_byte_each_beside_their_scales(tmp_path: Path) -> None:
    node = helper.make_node("DynamicQuantizeMatMul", ["x", "codes", "scales", "zeros"], ["y"], domain=CONTRIB)
    constants = {"codes": np.ones((4, 5), np.int8), "scales": floats(5), "zeros": np.zeros(5, np.int8)}
    assert count(tmp_path, [node], constants, {"x": floats(3, 4)}) == Work(3 * 4 * 5, 4 * 5 + 5 * 4 + 5)


def test_four_bit_weights_are_half_a_byte_each(tmp_path: Path) -> None:
    node = helper.make_node(
        "MatMulNBits", ["x", "codes", "scales"], ["y"], domain=CONTRIB, bits=4, block_size=32, K=64, N=6
    )
    constants = {"codes": np.zeros((6, 2, 16), np.uint8), "scales": floats(12)}
    assert count(tmp_path, [node], constants, {"x": floats(3, 64)}) == Work(3 * 64 * 6, 64 * 6 // 2 + 12 * 4)


@pytest.mark.parametrize(("operator", "ids"), [("Gather", [[1, 1, 7]]), ("GatherND", [[[1], [1], [7]]])])
def test_of_a_table_the_rows_are_read(operator: str, ids: Any, tmp_path: Path) -> None:
    node = helper.make_node(operator, ["table", "x"], ["y"])
    assert count(tmp_path, [node], {"table": floats(100, 8)}, {"x": np.array(ids)}) == Work(0, 3 * 8 * 4)


def test_of_a_quantized_table_rows_and_their_scales_are_read(tmp_path: Path) -> None:
    node = helper.make_node(
        "GatherBlockQuantized", ["codes", "x", "scales"], ["y"], domain=CONTRIB, bits=8, block_size=16
    )
    constants = {"codes": np.zeros((10, 32), np.uint8), "scales": floats(10, 2)}
    assert count(tmp_path, [node], constants, {"x": np.array([1, 4, 4])}) == Work(0, 3 * (32 + 2 * 4))


def test_of_fused_embeddings_a_row_of_each_table_is_read_for_every_token(tmp_path: Path) -> None:
    node = helper.make_node(
        "EmbedLayerNormalization", ["x", "", "words", "places", "", "gamma", "beta"], ["y", "mask"], domain=CONTRIB
    )
    constants = {"words": floats(100, 8), "places": floats(16, 8), "gamma": floats(8), "beta": floats(8)}
    feed = {"x": np.array([[1, 2, 3]], np.int32)}
    assert count(tmp_path, [node], constants, feed) == Work(0, (2 * 3 * 8 + 2 * 8) * 4)


def test_looking_up_what_was_computed_reads_no_weights(tmp_path: Path) -> None:
    node = helper.make_node("Gather", ["x", "places"], ["y"])
    assert count(tmp_path, [node], {"places": np.array([0, 2])}, {"x": floats(3, 4)}) == Work(0, 0)


def test_attention_with_its_projection(tmp_path: Path) -> None:
    node = helper.make_node("Attention", ["x", "weight", "bias"], ["y"], domain=CONTRIB, num_heads=2)
    found = count(tmp_path, [node], {"weight": floats(8, 24), "bias": floats(24)}, {"x": floats(1, 5, 8)})
    assert found == Work(5 * 8 * 24 + 2 * 5 * 5 * 8, 4 * (8 * 24 + 24))


def test_attention_of_what_was_projected(tmp_path: Path) -> None:
    node = helper.make_node("MultiHeadAttention", ["x", "keys", "values"], ["y"], domain=CONTRIB, num_heads=2)
    feed = {"x": floats(1, 5, 8), "keys": floats(1, 7, 8), "values": floats(1, 7, 8)}
    assert count(tmp_path, [node], {}, feed) == Work(2 * 5 * 7 * 8, 0)


def test_attention_to_a_cache_reaches_back_to_the_runs_before(tmp_path: Path) -> None:
    node = helper.make_node(
        "GroupQueryAttention", ["x", "", "", "keys", "values", "last", "total"], ["y", "k", "v"],
        domain=CONTRIB, num_heads=2, kv_num_heads=1,
    )  # fmt: skip

    def feed(tokens: int, total: int) -> dict[str, Any]:
        return {
            "x": floats(1, tokens, 4 * 16),
            "keys": floats(1, 1, 32, 16),
            "values": floats(1, 1, 32, 16),
            "last": np.array([total - 1], np.int32),
            "total": np.array([total], np.int32),
        }

    found = count(tmp_path, [node], {}, feed(5, 5), feed(1, 6))
    assert found == Work(2 * 32 * (5 * 5 + 1 * 6), 0)


def test_what_is_not_known_is_not_guessed() -> None:
    known = Operation("MatMul", (Array("float", (2, 3)), Array("float", (3, 4))), (Array("float", (2, 4)),), 48)
    convolution = Operation("Conv", (Array("float", (1, 1, 8, 8)),), (Array("float", (1, 1, 8, 8)),), 36)
    assert count_work([[known]]) == Work(24, 48)
    assert count_work([[known, convolution]]) == Work(None, 84)


def test_sessions_are_profiled_while_it_is_recording_alone(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "weight"], ["y"])]
    count(tmp_path, nodes, {"weight": floats(4, 5)}, {"x": floats(3, 4)})
    log = RunLog(tmp_path)
    with log.recording():
        session = open_session(tmp_path / "graph.onnx", 1)
        session.run(None, {"x": floats(3, 4)})
        log.forget()
        session.run(None, {"x": floats(1, 4)})
    before = set(tmp_path.iterdir())
    open_session(tmp_path / "graph.onnx", 1).run(None, {"x": floats(2, 4)})
    assert set(tmp_path.iterdir()) == before
    assert count_work(log.runs()) == Work(4 * 5, 4 * 4 * 5)
