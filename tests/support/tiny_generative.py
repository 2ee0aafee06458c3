"""Bundles of tiny language models, made without measuring anything."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from briefd_build.generative.export import Vocabularies, export_variant
from briefd_build.generative.families import read_architecture
from briefd_build.generative.manifest import ENGINE
from briefd_build.generative.shortlist import choose_frequent, find_ends
from briefd_build.generative.source import load_model
from briefd_build.generative.variants import VARIANTS
from briefd_server.bundle import Manifest, VariantEntry, describe_file, write_manifest
from briefd_server.engines.generative.parameters import CONTEXT_TOKENS, GraphNames, Parameters
from briefd_server.engines.generative.prompt import Template
from briefd_server.engines.generative.vocabulary import Vocabulary
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.generative.source import ModelSource


def write_generative_bundle(
    source: ModelSource, folder: Path, form: str, variants: Sequence[str], context_tokens: int
) -> None:
    """Write a bundle whose variants all are one and the same form of a model, the first choice first."""
    loaded = load_model(source)
    size = loaded.model.config.vocab_size
    vocabulary = Vocabulary(loaded.tokenizer, loaded.end_ids, size)
    vocabularies = Vocabularies(find_ends(vocabulary), choose_frequent(loaded.tokenizer, vocabulary, 100))
    architecture = read_architecture(loaded.model, context_tokens)
    files = export_variant(architecture, VARIANTS[form], vocabularies, folder)
    graphs = GraphNames(files.decode[0], prefill=files.prefill[0] if files.prefill else None)
    parameters = Parameters(
        Template("", ""), context_tokens, size, loaded.end_ids, (), 0, 1, dict.fromkeys(variants, graphs)
    )
    shutil.copy(source.directory / TOKENIZER_NAME, folder)
    others = (*files.decode[1:], *files.prefill)
    manifest = Manifest(
        name="tiny",
        language="en",
        license="Apache-2.0",
        engine=ENGINE,
        files={path.name: describe_file(path) for path in folder.iterdir()},
        variants={
            name: VariantEntry(files.decode[0], extra_files=others, rank=rank) for rank, name in enumerate(variants)
        },
        provenance={"base": source.describe()},
        limits={CONTEXT_TOKENS: context_tokens},
        engine_parameters=parameters.to_json(),
    )
    write_manifest(folder, manifest)
