"""Our own engine among the contenders: the variants of a bundle."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bundle_factory import make_bundle
from tiny_generative import write_generative_bundle
from tiny_models import make_tiny_model

from briefd_build.bench.contender import AbsentError
from briefd_build.bench.engines import GraphRow
from briefd_build.bench.engines_onnx import OnnxRuntimeCpu
from briefd_build.bench.engines_pytorch import PyTorch
from briefd_build.bench.engines_work import list_cases, read_text
from briefd_build.bench.ours import BundleVariant, list_variants
from briefd_build.bench.torch_peers import TransformersFloat32
from briefd_build.errors import BuildError
from briefd_build.generative.source import ModelSource, find_model
from briefd_server.bundle import read_bundle, write_manifest
from briefd_server.engines.generative import graph

if TYPE_CHECKING:
    from pathlib import Path

# One graph serves both: how variants are made is tested elsewhere.
NAMES = ("int8", "baseline")
PROMPT = [17, 60, 33, 41, 90, 8, 120, 55]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    return find_model(str(make_tiny_model("gpt_neox", tmp_path_factory.mktemp("model"))))


@pytest.fixture(scope="module")
def bundle(source: ModelSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle")
    write_generative_bundle(source, folder, "baseline", NAMES, context_tokens=64)
    return folder


def test_variants_are_listed_first_choice_first(bundle: Path, source: ModelSource) -> None:
    assert [variant.name for variant in list_variants(bundle, source)] == ["briefd int8", "briefd baseline"]


def test_the_baseline_writes_what_transformers_writes(bundle: Path, source: ModelSource) -> None:
    variant = BundleVariant(bundle, "baseline", ())
    variant.prepare()
    expected = TransformersFloat32(source.directory).load(1).generate(PROMPT, 24).token_ids
    model = variant.load(2)
    assert model.generate(PROMPT, 24).token_ids == expected
    assert model.predict(PROMPT, expected) == expected


def test_engines_read_a_prompt_and_go_on_with_its_cache(bundle: Path, tmp_path: Path) -> None:
    case = list_cases(read_bundle(bundle), read_text(), tmp_path)[0]
    assert [step.name for step in case.steps] == ["prompt of 63", "one token"]
    prompt = case.steps[0].feeds[graph.TOKEN_IDS][0].tolist()
    first, second = (
        outputs[graph.CANDIDATE_IDS][0, 0] for outputs in GraphRow(OnnxRuntimeCpu(), case).load(1).outputs()
    )
    session = BundleVariant(bundle, "baseline", ()).load(1)
    assert session.predict(prompt, [prompt[-1], 0]) == [first, second]


def test_pytorch_names_the_operators_of_language_models_that_it_has_not(bundle: Path, tmp_path: Path) -> None:
    case = list_cases(read_bundle(bundle), read_text(), tmp_path)[0]
    with pytest.raises(AbsentError, match=r"no function for: .*GroupQueryAttention"):
        PyTorch("PyTorch eager", "cpu", is_compiled=False).prepare(case)


def test_a_variant_for_another_processor_is_absent(bundle: Path) -> None:
    with pytest.raises(AbsentError, match="this processor has none of no_such_feature, nor_this"):
        BundleVariant(bundle, "int8", ("no_such_feature", "nor_this")).prepare()


def test_a_bundle_of_other_weights_is_refused(bundle: Path, source: ModelSource, tmp_path: Path) -> None:
    other = shutil.copytree(bundle, tmp_path / "other")
    manifest = read_bundle(other).manifest
    write_manifest(other, replace(manifest, provenance={"base": {"weights_sha256": "0" * 64}}))
    with pytest.raises(BuildError, match="was not made of the weights of"):
        list_variants(other, source)


def test_a_bundle_of_another_engine_is_refused(source: ModelSource, tmp_path: Path) -> None:
    make_bundle(tmp_path / "extractive")
    with pytest.raises(BuildError, match="is a bundle of the engine 'extractive'; give one of brief-build generate"):
        list_variants(tmp_path / "extractive", source)
