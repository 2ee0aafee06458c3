"""Bundles of the default summarizer: a graph, its tokenizer, and the manifest that names the channels and costs."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import read_treebank
from briefd_build.encoder.export import export_form
from briefd_build.encoder.network import TAGS
from briefd_build.encoder.parity import check_agreement, check_parity
from briefd_build.graph_bundle import GRAPH
from briefd_build.pipeline.model import Precision
from briefd_server.bundle import OPTIMIZED, Manifest, VariantEntry, describe_file, write_manifest
from briefd_server.engines.extractive import STANDING, WINDOW_PIECES
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from briefd_build.encoder.network import MultiTaskEncoder
    from briefd_build.pipeline.model import Model
    from briefd_server.engines.extractive.pieces import Window

_SAMPLE_DOCUMENTS = 5
_STANDING_TABLE = "default-en.standing.json"


def write_extractive_bundle(
    model: Model,
    network: MultiTaskEncoder,
    directory: Path,
    *,
    language: str,
    window_pieces: int,
    data: Path,
    sources: Sequence[Mapping[str, str]],
) -> str:
    """Export a model into a bundle, check the graph, and say in one line what was checked.

    Raises:
        BuildError: the graph says something else than the network.
    """
    directory.mkdir(parents=True, exist_ok=True)
    model.tokenizer.save(str(directory / TOKENIZER_NAME))
    windows = sample_windows(PieceEncoder(model.tokenizer), data, window_pieces)
    export_form(network, model.form, windows, directory / GRAPH)
    if model.form.precision is Precision.FLOAT32:
        checked = check_parity(network, directory / GRAPH)
    else:
        checked = check_agreement(network, directory / GRAPH, windows)
    names = (TOKENIZER_NAME, GRAPH)
    manifest = Manifest(
        name="default-en",
        language=language,
        license=model.facts["base"]["license"],
        files={name: describe_file(directory / name) for name in names},
        variants={OPTIMIZED: VariantEntry(GRAPH)},
        provenance={"base": model.facts["base"], "data": list(sources)},
        limits={WINDOW_PIECES: window_pieces},
        engine_parameters={
            "relations": model.facts["relations"],
            "tags": list(TAGS),
            "costs": Costs().to_json(),
            STANDING: learned_standing(),
        },
    )
    write_manifest(directory, manifest)
    return checked


def sample_windows(encoder: PieceEncoder, data: Path, window_pieces: int) -> list[Window]:
    """Pack held-out text into windows, for checks and for calibration."""
    windows: list[Window] = []
    for document in read_treebank(data / "gum" / "dev.conllu.gz")[:_SAMPLE_DOCUMENTS]:
        pieces = encoder.encode(document.sentences, [find_words(sentence) for sentence in document.sentences])
        windows += encoder.pack(pieces, window_pieces)
    return windows


def learned_standing() -> dict[str, float]:
    """Read the weights of the choice of the sentence, as `brief-build learn-choice` left them."""
    table = resources.files("briefd_build") / _STANDING_TABLE
    weights: dict[str, float] = json.loads(table.read_text(encoding="utf-8"))
    return weights
