"""What bundles take, measured in processes of their own: a classifier's, the default one, a generative one."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, cast

import pytest
from bundle_factory import make_manifest
from measured_models import FailingBundle, LayerKind, SpiedBundle
from tiny_classifier import make_classifier_bundle
from tiny_generative import write_generative_bundle
from tiny_models import make_tiny_model
from tokenizers import Tokenizer

from briefd_build.errors import BuildError
from briefd_build.generative.source import find_model
from briefd_build.measures import turns
from briefd_build.measures.aside import loaded
from briefd_build.measures.cost import measure_cost
from briefd_build.measures.counting import CountedBundle
from briefd_build.measures.files import compressed_bytes, served_files, served_variant
from briefd_build.measures.graphs import count_weights, weight_graphs
from briefd_build.measures.metered import ServedBundle
from briefd_build.measures.pytorch import measure_pytorch
from briefd_server.bundle import (
    DEFAULT_BUNDLE,
    Bundle,
    VariantEntry,
    bundle_directories,
    describe_file,
    find_bundle,
    read_bundle,
    write_manifest,
)
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.measures.operations import Work

DEFAULT_BUNDLE_DIRECTORY = find_bundle(DEFAULT_BUNDLE, bundle_directories({}))
TEXTS = ["a good day", "a bad day in a fine town", "fine"]
LONG_TEXT = "The council voted on Monday to close the old bridge over the river for repairs. " * 3


@pytest.fixture(autouse=True)
def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take few turns: what is tested is that they are taken."""
    monkeypatch.setattr(turns, "_MOST_ROUNDS", 2)
    monkeypatch.setattr(turns, "_LEAST_ROUNDS", 1)


def ignore(*_: object) -> None:
    """Report nothing."""


def test_a_bundle_is_measured_beside_the_one_before(tmp_path: Path) -> None:
    bundle, previous = make_classifier_bundle(tmp_path / "a"), make_classifier_bundle(tmp_path / "b")
    shares: list[float] = []
    cost = measure_cost(bundle, previous, TEXTS, 1, lambda _, share: shares.append(share))
    served = [bundle / "optimized.onnx", bundle / "tokenizer.json"]
    assert cost.file_bytes == sum(file.stat().st_size for file in served)
    assert 0 < cost.compressed_bytes < cost.file_bytes
    # A table of three columns, in which each label's word has a score; "a good day" is looked up piece by piece.
    pieces, columns = (cost.parameters // 3, 3)
    assert (cost.parameters, cost.nonzeros) == (pieces * columns, 3)
    assert cost.macs == 0
    assert cost.bytes_read is not None
    assert cost.bytes_read % (columns * 4) == 0
    assert 0 < cost.bytes_read < pieces * columns * 4
    assert 0 < cost.load_seconds < 60
    assert cost.rss_bytes is not None
    assert cost.rss_peak_bytes is not None
    assert 10e6 < cost.rss_bytes <= cost.rss_peak_bytes + (1 << 20)
    assert 0 < cost.p50_ms <= cost.p95_ms
    assert cost.previous_p50_ms is not None
    assert cost.previous_p50_ms > 0
    assert cost.cpu_seconds > 0
    assert cost.joules is not None
    assert cost.joules > 0
    assert (cost.is_energy_measured, cost.energy_source, cost.engine) == (False, "cpu-time-model", "onnxruntime")
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_default_bundle_is_measured_alone() -> None:
    cost = measure_cost(DEFAULT_BUNDLE_DIRECTORY, None, [LONG_TEXT], 1, ignore)
    assert cost.previous_p50_ms is None
    assert cost.macs is not None
    assert cost.bytes_read is not None
    # Every weight but those of the vocabulary is read once, a byte each and a little more.
    assert 0.3 * cost.file_bytes < cost.bytes_read < cost.file_bytes
    # And multiplied once a piece, of which the text has some 50.
    assert 40 < cost.macs / cost.bytes_read < 150
    assert 0.9 < cost.nonzeros / cost.parameters <= 1


def test_no_process_of_a_bundle_imports_pytorch() -> None:
    directory = DEFAULT_BUNDLE_DIRECTORY
    spied = SpiedBundle(directory, served_variant(read_bundle(directory)))
    with loaded([spied], 1) as (process,):
        modules = cast("set[str]", process.ask("modules"))
    assert "onnxruntime" in modules
    assert not modules & {"torch", "transformers", "onnx", "pandas"}


def test_a_process_that_fails_is_one_line(tmp_path: Path) -> None:
    bundle = make_classifier_bundle(tmp_path)
    with pytest.raises(BuildError, match=r"measures failed \(MemoryError: cannot allocate\); where memory is short"):  # noqa: SIM117
        with loaded([FailingBundle(bundle, "optimized")], 1):
            pass
    with (
        pytest.raises(BuildError, match=r"measures failed \(\w+Error: .*\); where") as raised,
        loaded([ServedBundle(bundle, "optimized")], 1) as (process,),
    ):
        process.ask("call", None, False)
    assert "\n" not in str(raised.value)


def bundle_of(folder: Path, files: Sequence[str], variants: dict[str, VariantEntry]) -> Bundle:
    for name in files:
        (folder / name).write_bytes(name.encode())
    entries = {name: describe_file(folder / name) for name in files}
    write_manifest(folder, make_manifest(entries, variants=variants))
    return read_bundle(folder)


def names(files: Sequence[Path]) -> list[str]:
    return [file.name for file in files]


def test_a_device_needs_the_files_of_one_variant(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        ("a.onnx", "b.onnx", "b.weights", "float.onnx", "notes.txt", "tokenizer.json", "tokenizer.baseline.json"),
        {
            "one": VariantEntry("a.onnx"),
            "two": VariantEntry("b.onnx", extra_files=("b.weights",)),
            "baseline": VariantEntry("float.onnx", extra_files=("tokenizer.baseline.json",)),
        },
    )
    assert names(served_files(bundle, "one")) == ["a.onnx", "notes.txt", "tokenizer.json"]
    assert names(served_files(bundle, "two")) == ["b.onnx", "b.weights", "notes.txt", "tokenizer.json"]
    assert names(served_files(bundle, "baseline")) == ["float.onnx", "notes.txt", "tokenizer.baseline.json"]


def test_the_form_of_this_processor_is_measured_and_never_the_baseline(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        ("a.onnx", "b.onnx", "float.onnx"),
        {
            "baseline": VariantEntry("float.onnx"),
            "fast": VariantEntry("a.onnx", cpu_features=("no_such_feature",)),
            "portable": VariantEntry("b.onnx", rank=3),
        },
    )
    assert served_variant(bundle) == "portable"


def test_compressed_bytes_are_those_of_one_stream_a_file(tmp_path: Path) -> None:
    content = bytes(3 << 20) + b"something else"
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(content)
    # Less zlib's header and checksum.
    assert compressed_bytes([tmp_path / "a", tmp_path / "b"]) == 2 * (len(zlib.compress(content, 6)) - 6)


@pytest.fixture(scope="module")
def generative_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a random GPT-NeoX of two layers of width 32 in blocks of 8 bits, with a graph of its own for prompts."""
    folder = tmp_path_factory.mktemp("generative")
    source = find_model(str(make_tiny_model("gpt_neox", tmp_path_factory.mktemp("model"))))
    write_generative_bundle(source, folder, "int8", ["int8"], context_tokens=128)
    return folder


def test_of_a_generative_bundle_a_prompt_and_one_token_are_counted(generative_bundle: Path) -> None:
    bundle = read_bundle(generative_bundle)
    size = bundle.manifest.engine_parameters["vocabulary_size"]
    prompt = len(Tokenizer.from_file(str(generative_bundle / TOKENIZER_NAME)).encode(LONG_TEXT.strip()).ids)
    assert prompt < 128
    with loaded([CountedBundle(generative_bundle, "int8")], 1) as (process,):
        work = cast("Work", process.ask("count", LONG_TEXT))
    # Queries, keys and values together with the feed-forward part's way in; both ways out.
    enter, leave = 32 * (96 + 64), (32 + 64) * 32
    # All of the prompt but its last token goes through the first layer and half of the second, which is enough.
    prefill = (prompt - 1) * (enter + leave + 32 * 96) + 2 * 2 * 32 * (prompt - 1) ** 2
    decode = 2 * (enter + leave) + 32 * size + 2 * 2 * 32 * prompt
    assert work.macs == prefill + decode
    # The graph for prompts holds no others. Biases of a model that was never trained are equal, and stored once.
    parameters = count_weights(weight_graphs(bundle, "int8")).parameters - 2 * (enter + leave) - 2 * 32 * size
    assert 96 + 64 + 32 + size <= parameters <= 2 * (96 + 64 + 32) + size
    # Each layer twice, for the prompt and for the token, and of the embedding a row for every token.
    assert work.bytes_read > 2 * (enter + leave) + enter + leave + 32 * 96 + 32 * size + 32 * prompt


def test_a_model_is_measured_in_pytorch_turn_about_with_a_bundle(tmp_path: Path) -> None:
    bundle, model = make_classifier_bundle(tmp_path / "bundle"), tmp_path / "model"
    model.mkdir()
    (model / "shape.json").write_text(json.dumps([8, 4]), encoding="utf-8")
    cost = measure_pytorch(model, cast("Any", LayerKind), bundle, TEXTS, 1)
    assert (cost.engine, cost.file_bytes, cost.parameters, cost.nonzeros) == ("pytorch", 6, 32, 24)
    assert (cost.macs, cost.bytes_read) == (None, None)
    assert 0 < cost.p50_ms <= cost.p95_ms
    assert cost.previous_p50_ms is not None
    assert cost.previous_p50_ms > 0
    assert cost.cpu_seconds > 0
    assert cost.rss_bytes is not None
    # PyTorch itself.
    assert cost.rss_bytes > 50e6
