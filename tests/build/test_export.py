"""The exported graphs: what PyTorch says, for any batch and length, and a check that notices when they don't."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
import torch

from briefd_build.encoder.export import export_form
from briefd_build.encoder.network import HeadSizes, MultiTaskEncoder
from briefd_build.encoder.parity import check_agreement, check_parity
from briefd_build.errors import BuildError
from briefd_build.pipeline.model import Form, Precision
from briefd_server.engines.extractive.pieces import Window
from briefd_server.engines.extractive.session import WindowReading
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.base_model import BaseModel

RELATION_COUNT = 5
OPTIMIZED = Form(Precision.INT8_DYNAMIC, is_optimized=True)


@pytest.fixture(scope="module")
def network(base: BaseModel) -> MultiTaskEncoder:
    torch.manual_seed(0)
    network = MultiTaskEncoder(base.load_encoder(), RELATION_COUNT, HeadSizes()).eval()
    with torch.no_grad():
        network.arc_product.mul_(20)  # clear preferences, as training gives
    return network


@pytest.fixture(scope="module")
def graphs(network: MultiTaskEncoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("graphs")
    export_form(copy.deepcopy(network), Form(), (), folder / "float32.onnx")
    export_form(copy.deepcopy(network), OPTIMIZED, (), folder / "int8.onnx")
    return folder / "float32.onnx", folder / "int8.onnx"


def other(network: MultiTaskEncoder) -> MultiTaskEncoder:
    changed = copy.deepcopy(network)
    with torch.no_grad():
        changed.arc_product.neg_()
    return changed


def windows() -> list[Window]:
    chance = np.random.default_rng(1)
    starts = np.arange(1, 41)
    return [Window(chance.integers(5, 100, 42), starts, (starts > 20).astype(np.int64)) for _ in range(3)]


def test_the_float32_graph_says_what_the_network_says(network: MultiTaskEncoder, graphs: tuple[Path, Path]) -> None:
    check_parity(network, graphs[0])
    with pytest.raises(BuildError, match="the exported graph's arc_scores differ"):
        check_parity(other(network), graphs[0])


@pytest.mark.long
def test_optimized_it_says_the_same(network: MultiTaskEncoder, tmp_path: Path) -> None:
    operators = export_form(copy.deepcopy(network), Form(is_optimized=True), (), tmp_path / "graph.onnx")
    assert operators == {"MultiHeadAttention": 2, "BiasGelu": 3}
    check_parity(network, tmp_path / "graph.onnx")


def test_the_quantized_graph_agrees(network: MultiTaskEncoder, graphs: tuple[Path, Path]) -> None:
    check_agreement(network, graphs[1], windows())
    with pytest.raises(BuildError, match="words keep their head"):
        check_agreement(other(network), graphs[1], windows())


@pytest.mark.parametrize("graph", [0, 1])
@pytest.mark.parametrize(("batch", "pieces", "words"), [(1, 3, 1), (2, 16, 5), (3, 300, 280)])
def test_batch_and_lengths_are_free(
    network: MultiTaskEncoder, graphs: tuple[Path, Path], graph: int, batch: int, pieces: int, words: int
) -> None:
    session = open_session(graphs[graph], 1)
    piece_ids = np.random.default_rng(0).integers(5, 100, (batch, pieces))
    piece_ids[-1, pieces // 2 + 1 :] = 0  # padding
    word_starts = np.tile(np.arange(words) % (pieces // 2 + 1), (batch, 1))
    given = session.run(WindowReading._fields, {"piece_ids": piece_ids, "word_starts": word_starts})
    with torch.no_grad():
        expected = network(torch.from_numpy(piece_ids), torch.from_numpy(word_starts))
    for ours, theirs in zip(expected, given, strict=True):
        assert ours.shape == theirs.shape
        if graph == 0:
            np.testing.assert_allclose(ours.numpy(), theirs, atol=1e-3)


def test_quantizing_makes_it_smaller_and_leaves_no_trace_of_its_making(graphs: tuple[Path, Path]) -> None:
    float32, int8 = graphs
    assert int8.stat().st_size < 0.5 * float32.stat().st_size
    for graph in graphs:
        model = onnx.load(graph)
        assert not model.metadata_props
        assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
        assert "/" not in model.producer_name
