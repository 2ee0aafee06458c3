"""What the engine reads off a manifest, and how it refuses the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from bundle_factory import make_bundle

from briefd_server.bundle import read_bundle
from briefd_server.bundle.finding import PACKAGED_DIRECTORY
from briefd_server.engines import load_engine
from briefd_server.engines.extractive import read_parameters
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.proofreading import NoProofReader
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_server.bundle import Bundle

GOOD: dict[str, Any] = {"relations": ["nsubj", "root"], "tags": ["NOUN"], "costs": {"join": 2.0}}


def bundle_of(directory: Path, parameters: dict[str, Any], window_pieces: int = 128) -> Bundle:
    limits = {"window_pieces": window_pieces}
    return read_bundle(make_bundle(directory, engine_parameters=parameters, limits=limits))


def test_reads_the_parameters(tmp_path: Path) -> None:
    parameters = read_parameters(bundle_of(tmp_path, GOOD).manifest)
    assert parameters.labels.relations == ("nsubj", "root")
    assert (parameters.costs.join, parameters.window_pieces, parameters.language) == (2.0, 128, "en")


def test_a_bundle_may_lack_weights_of_the_standing_and_a_proof_reader(tmp_path: Path) -> None:
    parameters = read_parameters(bundle_of(tmp_path, GOOD).manifest)
    assert parameters.standing is None
    assert isinstance(parameters.proof_reader, NoProofReader)


def test_the_shipped_bundle_is_read_by_the_shipped_table() -> None:
    manifest = read_bundle(PACKAGED_DIRECTORY / "default-en").manifest
    assert read_parameters(manifest).costs == Costs()


@pytest.mark.parametrize(
    "change",
    [
        {"relations": None},
        {"relations": ["nsubj"]},
        {"relations": "root"},
        {"relations": [1, "root"]},
        {"tags": []},
        {"costs": []},
        {"costs": {"unknown": 1}},
        {"costs": {"relations": {"obl": 1.0}}},
        {"standing": []},
        {"standing": {"unknown": 1.0}},
        {"proof_reader": {}},
        {"proof_reader": None, "standing": {}},
    ],
)
def test_refuses_wrong_parameters(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(BundleError, match=r"bundle tiny-en: bad engine parameters .*rebuild"):
        read_parameters(bundle_of(tmp_path, {**GOOD, **change}).manifest)


@pytest.mark.parametrize("name", GOOD)
def test_refuses_to_go_without_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match=name):
        read_parameters(bundle_of(tmp_path, {key: value for key, value in GOOD.items() if key != name}).manifest)


@pytest.mark.parametrize("window_pieces", [0, 31, 513])
def test_refuses_windows_that_no_text_fits(tmp_path: Path, window_pieces: int) -> None:
    with pytest.raises(BundleError, match="window_pieces must be from 32 to 512"):
        read_parameters(bundle_of(tmp_path, GOOD, window_pieces).manifest)


def test_files_that_are_no_model_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="bundle tiny-en: its optimized model can't be loaded; rebuild it"):
        load_engine(bundle_of(tmp_path, GOOD), "optimized", 1)


def test_a_bundle_of_another_engine_is_refused(tmp_path):
    manifest = replace(bundle_of(tmp_path, GOOD).manifest, engine="generative")

    with pytest.raises(BundleError, match="tiny-en is one of the generative engine; name an extractive one"):
        read_parameters(manifest)
