"""From PyTorch to the bundle of a classifier, and the checks that it still says what the network says."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from briefd_build.classification.losses import logits_of
from briefd_build.classification.teaching import network_of
from briefd_build.compression.forms import export_encoder
from briefd_build.compression.served_encoder import ServedEncoder
from briefd_build.errors import BuildError
from briefd_build.graph_bundle import GRAPH
from briefd_build.pipeline.model import Precision
from briefd_server.bundle import CLASSIFY, OPTIMIZED, Manifest, VariantEntry, describe_file, write_manifest
from briefd_server.engines.base import UnwatchedCall
from briefd_server.engines.classifier import ENGINE, LABELS, WINDOW_PIECES
from briefd_server.engines.classifier.session import ClassifierSession
from briefd_server.engines.classifier.windows import WindowEncoder
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor
    from transformers import BertForSequenceClassification

    from briefd_build.pipeline.model import Model

_LARGEST_DIFFERENCE = 1e-3
_LEAST_AGREEMENT = 0.95


class _ServedClassifier(nn.Module):
    """A classifier of windows without padding; its last layer is computed for the text's own mark alone."""

    def __init__(self, network: BertForSequenceClassification) -> None:
        super().__init__()
        self.encoder = ServedEncoder(network.bert)
        assert network.bert.pooler is not None  # transformers makes a classifier's BERT with one
        self.pooler = network.bert.pooler
        self.classifier = network.classifier

    def forward(self, piece_ids: Tensor) -> Tensor:
        states = self.encoder(piece_ids, lambda states: states[:, :1])
        logits: Tensor = self.classifier(self.pooler(states))
        return logits


class _PlainClassifier(nn.Module):
    """A classifier as it was trained, which knows padding."""

    def __init__(self, network: BertForSequenceClassification) -> None:
        super().__init__()
        self.network = network

    def forward(self, piece_ids: Tensor) -> Tensor:
        return logits_of(self.network, piece_ids)


def write_classifier_bundle(
    model: Model,
    directory: Path,
    *,
    language: str,
    window_pieces: int,
    texts: Sequence[str],
    provenance: dict[str, Any],
) -> str:
    """Export a classifier into a bundle, check the graph, and say in one line what was checked.

    Args:
        model: to export.
        directory: of the bundle.
        language: of the texts that it is for, as BCP 47.
        window_pieces: pieces that it reads at once.
        texts: real ones, for the check and for calibration.
        provenance: for the manifest.

    Raises:
        BuildError: the graph says something else than the network.
    """
    directory.mkdir(parents=True, exist_ok=True)
    model.tokenizer.save(str(directory / TOKENIZER_NAME))
    windows = _windows(model, texts, window_pieces)
    _export(model, windows, directory / GRAPH)
    checked = _check(model, windows, directory / GRAPH)
    manifest = Manifest(
        name="classifier",
        task=CLASSIFY,
        engine=ENGINE,
        language=language,
        license=provenance["base"]["license"],
        files={name: describe_file(directory / name) for name in (TOKENIZER_NAME, GRAPH)},
        variants={OPTIMIZED: VariantEntry(GRAPH)},
        provenance=provenance,
        limits={WINDOW_PIECES: window_pieces},
        engine_parameters={LABELS: list(model.facts["labels"])},
    )
    write_manifest(directory, manifest)
    return checked


def _windows(model: Model, texts: Sequence[str], window_pieces: int) -> list[NDArray[np.int64]]:
    encoder = WindowEncoder(type(model.tokenizer).from_str(model.tokenizer.to_str()), window_pieces)
    return [encoder.encode(text)[0] for text in texts]


def _export(model: Model, windows: Sequence[NDArray[np.int64]], path: Path) -> None:
    network = network_of(model).eval()
    exported = _ServedClassifier(network) if model.form.is_optimized else _PlainClassifier(network)
    inputs = {"piece_ids": torch.ones((2, 32), dtype=torch.int64)}
    feeds = ({"piece_ids": window[None]} for window in windows)
    with _plain_attention(network):
        export_encoder(exported, inputs, ["logits"], model.form, path, feeds)


@contextmanager
def _plain_attention(network: BertForSequenceClassification) -> Iterator[None]:
    """Compute attention step by step for a while: the form that trains fast exports as thrice as many operators."""
    before = network.config._attn_implementation
    network.set_attn_implementation("eager")
    try:
        yield
    finally:
        network.set_attn_implementation(before)


def _check(model: Model, windows: Sequence[NDArray[np.int64]], graph: Path) -> str:
    session, network = ClassifierSession(graph, thread_count=1), network_of(model)
    with torch.no_grad():
        expected = np.stack([logits_of(network, torch.from_numpy(window[None]))[0].numpy() for window in windows])
    given = np.stack([session.read(window, UnwatchedCall()) for window in windows])
    if model.form.precision is Precision.FLOAT32:
        return _check_parity(expected, given)
    return _check_agreement(expected, given)


def _check_parity(expected: NDArray[np.float32], given: NDArray[np.float32]) -> str:
    difference = float(np.abs(expected - given).max())
    if not difference < _LARGEST_DIFFERENCE:
        raise BuildError(f"the exported graph's logits differ from PyTorch's by {difference:.4f}; the export is broken")
    return f"logits of {len(expected):,} texts within {difference:.0e} of PyTorch's"


def _check_agreement(expected: NDArray[np.float32], given: NDArray[np.float32]) -> str:
    same, total = int((expected.argmax(1) == given.argmax(1)).sum()), len(expected)
    if same < _LEAST_AGREEMENT * total:
        raise BuildError(
            f"only {same:,} of {total:,} texts keep their label in this form; quantize less, or after more training"
        )
    return f"{same:,} of {total:,} texts labelled as by PyTorch in float32"
