"""Our own engine among the contenders: the variants of a bundle."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from bundle_factory import make_bundle
from tiny_models import make_tiny_model

from briefd_build.bench.contender import AbsentError
from briefd_build.bench.engines import GraphRow
from briefd_build.bench.engines_onnx import OnnxRuntimeCpu
from briefd_build.bench.engines_pytorch import PyTorch
from briefd_build.bench.engines_work import list_cases, read_text
from briefd_build.bench.ours import ENGINE, BundleVariant, list_variants
from briefd_build.bench.torch_peers import TransformersFloat32
from briefd_build.errors import BuildError
from briefd_build.generative.export import Vocabularies, export_variant
from briefd_build.generative.families import read_architecture
from briefd_build.generative.shortlist import choose_frequent, find_ends
from briefd_build.generative.source import ModelSource, find_model, load_model
from briefd_build.generative.variants import VARIANTS
from briefd_server.bundle import Manifest, VariantEntry, describe_file, read_bundle, write_manifest
from briefd_server.engines.generative import graph
from briefd_server.engines.generative.parameters import CONTEXT_TOKENS, GraphNames, Parameters
from briefd_server.engines.generative.prompt import Template
from briefd_server.engines.generative.vocabulary import Vocabulary
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

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
    loaded = load_model(source)
    size = loaded.model.config.vocab_size
    vocabulary = Vocabulary(loaded.tokenizer, loaded.end_ids, size)
    vocabularies = Vocabularies(find_ends(vocabulary), choose_frequent(loaded.tokenizer, vocabulary, 100))
    architecture = read_architecture(loaded.model, 64)
    files = export_variant(architecture, VARIANTS["baseline"], vocabularies, folder)
    graphs = {name: GraphNames(files.decode[0]) for name in NAMES}
    shutil.copy(source.directory / TOKENIZER_NAME, folder)
    parameters = Parameters(Template("", ""), 64, size, loaded.end_ids, (), 0, 1, graphs)
    write_manifest(
        folder,
        Manifest(
            name="tiny",
            language="en",
            license="Apache-2.0",
            files={path.name: describe_file(path) for path in folder.iterdir()},
            variants={
                name: VariantEntry(files.decode[0], None, tuple(files.decode[1:]), (), rank)
                for rank, name in enumerate(NAMES)
            },
            engine=ENGINE,
            provenance={"base": source.describe()},
            limits={CONTEXT_TOKENS: 64},
            engine_parameters=parameters.to_json(),
        ),
    )
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
