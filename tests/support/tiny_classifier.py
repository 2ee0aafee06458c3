"""A bundle of a classifier that one can do in the head: a text's logits are the mean of its pieces' scores.

"good", "fine" and "bad" speak for a label each; all other pieces, the special ones too, for none. The word "slow" keeps
the model busy until its call is stopped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tiny_tokenizer import make_tokenizer

from briefd_server.bundle import FileEntry, Manifest, VariantEntry, describe_file, write_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LABELS = ("negative", "neutral", "positive")
WORDS = ("bad", "fine", "good")
SCORES = {"optimized": 12.0, "baseline": 24.0}
WINDOW_PIECES = 16
_SLOW = "slow"
_ENDLESS = 1 << 40


def make_classifier_bundle(directory: Path, contents: Mapping[str, bytes] | None = None, **changes: object) -> Path:
    """Write a bundle with the forms `optimized` and `baseline`, which differ in how much a word speaks for its label.

    Args:
        directory: made where it is missing.
        contents: of files that shall be other ones, by their name.
        changes: fields of the manifest that shall have other values.

    Returns:
        The directory.

    """
    directory.mkdir(parents=True, exist_ok=True)
    graphs = {f"{form}.onnx": make_graph(score) for form, score in SCORES.items()}
    files = {"tokenizer.json": tokenizer_file(WORDS), **graphs, **(contents or {})}
    for name, content in files.items():
        (directory / name).write_bytes(content)
    entries = {name: describe_file(directory / name) for name in files}
    write_manifest(directory, _manifest(entries, changes))
    return directory


def tokenizer_file(words: Sequence[str]) -> bytes:
    """Make a tokenizer that knows these words, each in the place of one of `WORDS`, and others after them."""
    return make_tokenizer([_SLOW, *words]).to_str().encode()


def make_graph(score: float, *, bad_score: float | None = None) -> bytes:
    """Make the graph: `piece_ids` [B, T] to `logits` [B, 3], the mean of the pieces' scores; "bad" may have its own."""
    tokenizer = make_tokenizer([_SLOW, *WORDS])
    table = np.zeros((tokenizer.get_vocab_size(), len(LABELS)), dtype=np.float32)
    for label, word in enumerate(WORDS):
        table[tokenizer.token_to_id(word), label] = score if word != "bad" or bad_score is None else bad_score
    tensors = {
        "table": table,
        "pieces_axis": np.array([1]),
        "slow_id": np.array(tokenizer.token_to_id(_SLOW)),
        "endless": np.array(_ENDLESS),
        "go_on": np.array(True),
    }
    nodes = [
        helper.make_node("Gather", ["table", "piece_ids"], ["scores"]),
        helper.make_node("ReduceMean", ["scores", "pieces_axis"], ["means"], keepdims=0),
        helper.make_node("Equal", ["piece_ids", "slow_id"], ["is_slow"]),
        helper.make_node("Cast", ["is_slow"], ["slow_pieces"], to=TensorProto.INT64),
        helper.make_node("ReduceMax", ["slow_pieces"], ["has_slow"], keepdims=0),
        helper.make_node("Mul", ["has_slow", "endless"], ["rounds"]),
        helper.make_node("Loop", ["rounds", "go_on", "means"], ["logits"], body=_idle_round()),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("piece_ids", TensorProto.INT64, ["B", "T"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", len(LABELS)])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def _idle_round() -> onnx.GraphProto:
    return helper.make_graph(
        [
            helper.make_node("Identity", ["go_on_before"], ["go_on_after"]),
            helper.make_node("Identity", ["before"], ["after"]),
        ],
        "idle_round",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on_before", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, ["B", len(LABELS)]),
        ],
        [
            helper.make_tensor_value_info("go_on_after", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, ["B", len(LABELS)]),
        ],
    )


def _manifest(files: dict[str, FileEntry], changes: dict[str, object]) -> Manifest:
    values: dict[str, object] = {
        "name": "tiny-mood",
        "language": "en",
        "license": "Apache-2.0",
        "engine": "classifier",
        "task": "classify",
        "files": files,
        "variants": {form: VariantEntry(f"{form}.onnx", 1 << 20) for form in SCORES},
        "limits": {"window_pieces": WINDOW_PIECES},
        "engine_parameters": {"labels": list(LABELS)},
    }
    return Manifest(**{**values, **changes})  # type: ignore[arg-type] # changed fields are the test's business
