"""Graphs of bundles under engines: steps of real text, and PyTorch beside ONNX Runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from bundle_factory import make_manifest
from onnx import TensorProto, helper, numpy_helper
from tiny_tokenizer import make_tokenizer

from briefd_build.bench import engines_running
from briefd_build.bench.contender import AbsentError
from briefd_build.bench.engines import GraphRow
from briefd_build.bench.engines_measuring import EnginesOutcome, largest_difference
from briefd_build.bench.engines_onnx import OnnxRuntimeCpu
from briefd_build.bench.engines_pytorch import PyTorch
from briefd_build.bench.engines_work import list_cases, read_text
from briefd_build.errors import BuildError
from briefd_server.bundle import BASELINE, Bundle, describe_file, read_bundle, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 8
EAGER = PyTorch("PyTorch eager", "cpu", is_compiled=False)


def weight(name: str, *shape: int) -> onnx.TensorProto:
    values = np.random.default_rng(len(name)).normal(size=shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def shape(name: str, *numbers: int) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


def make_graph(vocabulary_size: int, *, last_operator: str = "Softmax") -> onnx.ModelProto:
    """A layer of an encoder, with shapes computed as PyTorch's exporter does: words read off their first pieces."""
    nodes = [
        helper.make_node("Gather", ["table", "piece_ids"], ["embedded"]),
        helper.make_node("LayerNormalization", ["embedded", "scale", "bias"], ["normed"], axis=-1),
        helper.make_node("MatMul", ["normed", "projection"], ["projected"]),
        helper.make_node("Shape", ["piece_ids"], ["piece_shape"]),
        helper.make_node("Concat", ["piece_shape", "heads"], ["head_shape"], axis=0),
        helper.make_node("Reshape", ["projected", "head_shape"], ["split"], allowzero=1),
        helper.make_node("Transpose", ["split"], ["query"], perm=[0, 2, 1, 3]),
        helper.make_node("Transpose", ["split"], ["key"], perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["query", "key"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["attention"], axis=-1),
        helper.make_node("MatMul", ["attention", "query"], ["mixed"]),
        helper.make_node("Transpose", ["mixed"], ["merged"], perm=[0, 2, 1, 3]),
        helper.make_node("Concat", ["piece_shape", "width"], ["flat_shape"], axis=0),
        helper.make_node("Reshape", ["merged", "flat_shape"], ["flat"]),
        helper.make_node("Erf", ["flat"], ["activated"]),
        helper.make_node("Unsqueeze", ["word_starts", "last_axis"], ["starts"]),
        helper.make_node("Shape", ["word_starts"], ["word_shape"]),
        helper.make_node("Concat", ["word_shape", "width"], ["wide_shape"], axis=0),
        helper.make_node("Expand", ["starts", "wide_shape"], ["wide_starts"]),
        helper.make_node("GatherElements", ["activated", "wide_starts"], ["words"], axis=1),
        helper.make_node("Slice", ["words", "from", "to", "last_axis"], ["some"]),
        helper.make_node(last_operator, ["some"], ["salience"]),
    ]
    constants = [
        weight("table", vocabulary_size, WIDTH), weight("scale", WIDTH), weight("bias", WIDTH),
        weight("projection", WIDTH, WIDTH), shape("heads", 2, WIDTH // 2), shape("width", WIDTH),
        shape("last_axis", -1), shape("from", 1), shape("to", WIDTH),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, sizes)
        for name, sizes in (("piece_ids", ["batch", "pieces"]), ("word_starts", ["batch", "words"]))
    ]
    output = helper.make_tensor_value_info("salience", TensorProto.FLOAT, ["batch", "words", WIDTH - 1])
    graph = helper.make_graph(nodes, "tiny", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def make_bundle(directory: Path, **graph: str) -> Bundle:
    tokenizer = make_tokenizer()
    tokenizer.save(str(directory / "tokenizer.json"))
    for variant in ("optimized", "baseline"):
        onnx.save(make_graph(tokenizer.get_vocab_size(), **graph), directory / f"{variant}.onnx")
    files = {path.name: describe_file(path) for path in directory.iterdir()}
    write_manifest(directory, make_manifest(files, engine="extractive", limits={"window_pieces": 64}))
    return read_bundle(directory)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    (tmp_path / "bundle").mkdir()
    return make_bundle(tmp_path / "bundle")


def test_windows_are_full_ones_of_the_text(bundle: Bundle, tmp_path: Path) -> None:
    cases = list_cases(bundle, read_text(), tmp_path)
    assert [case.form for case in cases] == ["float32", "optimized"]
    assert [case.graph.name for case in cases] == ["baseline.onnx", "optimized.onnx"]
    (step,) = cases[0].steps
    assert step.name == "64 pieces"
    assert 64 - 16 <= step.feeds["piece_ids"].shape[1] <= 64
    assert step.feeds["word_starts"].max() < step.feeds["piece_ids"].shape[1]


def test_a_text_without_words_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no words; give another --text"):
        list_cases(bundle, " \n", tmp_path)


def test_a_bundle_without_its_float32_graph_is_measured_as_it_is(bundle: Bundle, tmp_path: Path) -> None:
    left = replace(bundle, variants=tuple(name for name in bundle.variants if name != BASELINE))
    cases = list_cases(left, read_text(), tmp_path)
    assert [case.form for case in cases] == ["optimized"]
    absences = engines_running._without_float32(cases)
    assert [absence.name for absence in absences][:2] == ["PyTorch eager float32", "torch.compile float32"]
    assert "variant baseline, isn't there" in absences[0].reason


def test_pytorch_gives_what_onnx_runtime_gives(bundle: Bundle, tmp_path: Path) -> None:
    case = list_cases(bundle, read_text(), tmp_path)[0]
    expected = GraphRow(OnnxRuntimeCpu(), case).load(1).outputs()
    outputs = GraphRow(EAGER, case).load(1).outputs()
    assert expected[0]["salience"].shape == outputs[0]["salience"].shape
    assert np.ptp(expected[0]["salience"]) > 0.01
    assert largest_difference(outputs, expected) < 1e-6


def test_an_operator_that_pytorch_has_not_is_named(tmp_path: Path) -> None:
    case = list_cases(make_bundle(tmp_path, last_operator="Hardmax"), read_text(), tmp_path)[0]
    with pytest.raises(AbsentError, match="PyTorch has no function for: Hardmax"):
        EAGER.prepare(case)


def test_a_run_joins_the_threads_and_names_an_absence_once(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = []

    def measure(rows: list[GraphRow], reference: str, count: int, rounds: int, _tell: object) -> EnginesOutcome:
        counts.append((count, rounds, reference))
        assert {row.case.form for row in rows} == {"float32", "optimized"}
        return EnginesOutcome([], [engines_running.Absence("OpenVINO float32", "it is not installed")])

    monkeypatch.setattr(engines_running, "measure_engines", measure)
    with pytest.raises(BuildError, match="no engine could be measured: OpenVINO float32: it is not installed"):
        engines_running.run_engines(bundle.directory, None, 3, [1, 2], print)
    assert counts == [(1, 3, "ONNX Runtime"), (2, 3, "ONNX Runtime")]


def test_too_little_memory_is_said_before_anything_is_loaded(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines_running, "free_memory_bytes", lambda: 1)
    monkeypatch.setattr(engines_running, "measure_engines", lambda *_: pytest.fail("it was loaded"))
    with pytest.raises(BuildError, match=r"too little memory: the bench takes about [\d,]+ MB, and 0 MB are free"):
        engines_running.run_engines(bundle.directory, None, 1, [1], print)
