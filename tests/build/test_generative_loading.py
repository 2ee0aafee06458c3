"""Bundles of language models that are not what their manifest says: refused in one line before any call."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tiny_models import make_tiny_model

from briefd_build.generative import building, conversion, measuring
from briefd_build.generative.building import build_generative
from briefd_build.generative.conversion import Options, read_texts
from briefd_server.bundle import read_bundle, write_manifest
from briefd_server.engines import load_engine
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from pathlib import Path

# The bundle that they all change takes 20 seconds.
pytestmark = pytest.mark.long

VARIANTS = ["int8", "int8-shortlist"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    make_tiny_model("gpt_neox", folder / "model", max_position_embeddings=1024)
    texts = read_texts()[:2]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "read_texts", lambda: texts)
        patch.setattr(building, "read_texts", lambda: texts)
        patch.setattr(measuring, "_MOST_ROUNDS", 1)
        patch.setattr(building, "free_memory_bytes", lambda: 1 << 40)
        options = Options(shortlist_size=150, thread_count=1)
        build_generative(str(folder / "model"), folder / "bundle", VARIANTS, options, lambda *_: None)
    return folder / "bundle"


@pytest.fixture
def bundle(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "bundle")


def change(bundle: Path, *, context_tokens: int | None = None, **parameters: Any) -> None:
    manifest = read_bundle(bundle).manifest
    limits = {"context_tokens": context_tokens} if context_tokens else manifest.limits
    given = {**manifest.engine_parameters, **parameters}
    write_manifest(bundle, replace(manifest, limits=limits, engine_parameters=given))


def check_refused(bundle: Path, variant: str) -> None:
    with pytest.raises(BundleError, match="can't be loaded; rebuild it") as refusal:
        load_engine(read_bundle(bundle), variant, 1)
    assert len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_as_it_was_made_it_is_loaded(made: Path, variant: str) -> None:
    assert load_engine(read_bundle(made), variant, 1).thread_count == 1


# A shortlist never asks for more than its own tokens: a larger vocabulary does no harm there.
@pytest.mark.parametrize(("variant", "difference"), [("int8", -100), ("int8", 100), ("int8-shortlist", -100)])
def test_another_vocabulary(bundle: Path, variant: str, difference: int) -> None:
    size = read_bundle(bundle).manifest.engine_parameters["vocabulary_size"]
    change(bundle, vocabulary_size=size + difference)
    check_refused(bundle, variant)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_graph_of_another_part(bundle: Path, variant: str) -> None:
    graphs = read_bundle(bundle).manifest.engine_parameters["graphs"]
    parts = graphs[variant]
    other = next(name for part, name in parts.items() if part != "decode")
    change(bundle, graphs={**graphs, variant: {**parts, "decode": other}})
    check_refused(bundle, variant)


def test_a_longer_context_than_the_model_has(bundle: Path) -> None:
    change(bundle, context_tokens=4096)
    check_refused(bundle, "int8")
