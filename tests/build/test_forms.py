"""Every form of an encoder runs in ONNX Runtime and says what the network says, as exactly as the form allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from long_runs import cases
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from briefd_build.compression.factored import FactoredLinear, put_module
from briefd_build.compression.forms import export_encoder
from briefd_build.compression.served_encoder import ServedEncoder, pick_rows
from briefd_build.pipeline.model import Calibration, Form, Precision
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, PIECES, ROWS = 64, 24, 120


class Tagger(nn.Module):
    """An encoder under one linear layer, at places of the caller's."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        config = BertConfig(
            vocab_size=ROWS, hidden_size=WIDTH, num_hidden_layers=2, num_attention_heads=4, intermediate_size=96,
            max_position_embeddings=40, initializer_range=0.3, attn_implementation="eager",
        )  # fmt: skip
        self.bert = BertModel(config, add_pooling_layer=False)
        self.output = nn.Linear(WIDTH, 5)

    def forward(self, piece_ids: Tensor, places: Tensor) -> Tensor:
        states = self.bert(piece_ids).last_hidden_state
        return self.output(torch.gather(states, 1, places.unsqueeze(-1).expand(-1, -1, WIDTH)))


class ServedTagger(nn.Module):
    def __init__(self, tagger: Tagger) -> None:
        super().__init__()
        self.encoder, self.output = ServedEncoder(tagger.bert), tagger.output

    def forward(self, piece_ids: Tensor, places: Tensor) -> Tensor:
        return self.output(self.encoder(piece_ids, lambda states: pick_rows(states, places)))


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return Tagger().eval()


def feeds(count: int = 6, batch: int = 1) -> list[dict[str, np.ndarray]]:
    chance = np.random.default_rng(0)
    return [
        {
            "piece_ids": chance.integers(1, ROWS, (batch, PIECES - number)),
            "places": chance.integers(0, PIECES - number, (batch, 7)),
        }
        for number in range(count)
    ]


def export(tagger: Tagger, form: Form, path: Path) -> dict[str, int]:
    inputs = {"piece_ids": torch.ones((2, 8), dtype=torch.int64), "places": torch.zeros((2, 3), dtype=torch.int64)}
    network = ServedTagger(tagger) if form.is_optimized else tagger
    return export_encoder(network, inputs, ["scores"], form, path, feeds())


def run(path: Path, feed: dict[str, np.ndarray]) -> np.ndarray:
    session = open_session(path, 1)
    scores: np.ndarray = session.run(["scores"], feed)[0]
    return scores


def expected(tagger: Tagger, feed: dict[str, np.ndarray]) -> np.ndarray:
    with torch.no_grad():
        return tagger(*(torch.from_numpy(each) for each in feed.values())).numpy()


class Graphs:
    """Exports a form once for all tests."""

    def __init__(self, tagger: Tagger, folder: Path) -> None:
        self.tagger, self._folder = tagger, folder
        self.own_operators: dict[Path, dict[str, int]] = {}

    def of(self, precision: Precision, *, is_optimized: bool = True) -> Path:
        path = self._folder / f"{precision.value}-{is_optimized}.onnx"
        if path not in self.own_operators:
            self.own_operators[path] = export(self.tagger, Form(precision, is_optimized=is_optimized), path)
        return path


@pytest.fixture(scope="module")
def graphs(tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Graphs:
    return Graphs(tagger, tmp_path_factory.mktemp("forms"))


FAST = (Precision.FLOAT32, Precision.INT8_DYNAMIC)
# Least correlation with what PyTorch says.
CORRELATIONS = {
    Precision.FLOAT32: 1 - 1e-7,
    Precision.FLOAT16: 0.9999,
    Precision.INT8_DYNAMIC: 0.995,
    Precision.INT8_STATIC: 0.995,
    Precision.INT8_WEIGHTS: 0.995,
    Precision.INT4_WEIGHTS: 0.85,
}


@pytest.mark.parametrize(
    ("precision", "is_optimized"),
    cases(
        [(each, True) for each in FAST],
        [
            *((each, True) for each in Precision if each not in FAST),
            (Precision.FLOAT32, False),
            (Precision.INT8_STATIC, False),
        ],
    ),
)
def test_every_form_says_what_the_network_says(graphs: Graphs, precision: Precision, is_optimized: bool) -> None:
    for feed in [*feeds(3), *feeds(1, batch=3)]:
        ours = run(graphs.of(precision, is_optimized=is_optimized), feed)
        theirs = expected(graphs.tagger, feed)
        assert ours.dtype == np.float32
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > CORRELATIONS[precision]
        if precision is Precision.FLOAT32:
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("method", ["entropy", "percentile"])
def test_every_method_of_calibration_finds_ranges(
    tagger: Tagger, method: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    form = Form(Precision.INT8_STATIC, Calibration(method, batches=4), is_optimized=True)
    export(tagger, form, tmp_path / "graph.onnx")
    feed = feeds(1)[0]
    ours, theirs = run(tmp_path / "graph.onnx", feed), expected(tagger, feed)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.97
    assert capfd.readouterr().out == ""


@pytest.mark.long
def test_weights_are_stored_as_the_form_says(graphs: Graphs) -> None:
    sizes = {}
    for precision in Precision:
        kept = onnx.load(graphs.of(precision)).graph.initializer
        floats = [each for each in kept if each.data_type == onnx.TensorProto.FLOAT and len(each.dims) > 1]
        assert any(each.dims[-1] >= WIDTH for each in floats) == (precision is Precision.FLOAT32)
        sizes[precision] = sum(len(each.raw_data) for each in kept)
    assert sizes[Precision.FLOAT16] < 0.55 * sizes[Precision.FLOAT32]
    assert sizes[Precision.INT8_DYNAMIC] < 0.4 * sizes[Precision.FLOAT32]
    assert sizes[Precision.INT4_WEIGHTS] < sizes[Precision.INT8_WEIGHTS] < 0.5 * sizes[Precision.FLOAT32]


def test_optimizing_fuses_attention_and_gelu_and_leaves_the_network_as_it_is(graphs: Graphs) -> None:
    before = {name: each.clone() for name, each in graphs.tagger.state_dict().items()}
    plain, fused = graphs.of(Precision.FLOAT32, is_optimized=False), graphs.of(Precision.FLOAT32)
    assert graphs.own_operators[plain] == {}
    assert graphs.own_operators[fused] == {"MultiHeadAttention": 2, "BiasGelu": 2}
    assert all(torch.equal(each, before[name]) for name, each in graphs.tagger.state_dict().items())
    assert not any(node.op_type == "Softmax" for node in onnx.load(fused).graph.node)


def test_the_last_layer_computes_only_what_is_read(graphs: Graphs) -> None:
    """Its feed-forward part sees 7 rows, not 24."""
    model = onnx.load(graphs.of(Precision.FLOAT32))
    wide = [node.output[0] for node in model.graph.node if node.op_type == "BiasGelu"]
    model.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in wide)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    shapes = [each.shape for each in session.run(wide, feeds(1)[0])]
    assert shapes == [(1, PIECES, 96), (1, 7, 96)]


def test_factored_layers_are_exported_as_they_are(tmp_path: Path) -> None:
    tagger = Tagger().eval()
    put_module(tagger, "bert.encoder.layer.1.attention.self.query", FactoredLinear(WIDTH, 4, WIDTH))
    put_module(tagger, "output", FactoredLinear(WIDTH, 2, 5))
    export(tagger, Form(is_optimized=True), tmp_path / "graph.onnx")
    feed = feeds(1)[0]
    np.testing.assert_allclose(run(tmp_path / "graph.onnx", feed), expected(tagger, feed), atol=1e-4)


def test_the_operator_set_is_the_forms(tagger: Tagger, tmp_path: Path) -> None:
    export(tagger, Form(is_optimized=True, opset=20), tmp_path / "graph.onnx")
    versions = {each.domain: each.version for each in onnx.load(tmp_path / "graph.onnx").opset_import}
    assert versions[""] == 20
    feed = feeds(1)[0]
    np.testing.assert_allclose(run(tmp_path / "graph.onnx", feed), expected(tagger, feed), atol=1e-4)
