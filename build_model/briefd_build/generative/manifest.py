"""The manifest of a generative bundle."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from briefd_server.bundle import Bundle, Manifest, VariantEntry, describe_file, read_bundle, write_manifest
from briefd_server.engines.generative.parameters import CONTEXT_TOKENS, Parameters
from briefd_server.engines.tokenizer_files import TOKENIZER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from briefd_build.generative.conversion import Exported
    from briefd_build.generative.source import ModelSource
    from briefd_build.generative.variants import Variant

ENGINE = "generative"
_LIBRARIES = ("torch", "transformers", "onnxruntime", "tokenizers", "briefd")


@dataclass(frozen=True)
class Origin:
    """The model that a bundle is made of, as its manifest tells of it.

    Attributes:
        family: of `source.FAMILIES`.
        license: what its card says.
        language: of the texts that it is for, as BCP 47.
        base: see `ModelSource.describe`.
    """

    family: str
    license: str
    language: str
    base: dict[str, str]

    @classmethod
    def of(cls, source: ModelSource) -> Origin:
        """Tell of a model on disk."""
        return cls(source.family, source.license, source.language, source.describe())

    @property
    def bundle_name(self) -> str:
        """Name a bundle after its model, as a manifest wants names."""
        last = self.base["name"].rsplit("/", 1)[-1].lower()
        return re.sub(r"[^a-z0-9._-]+", "-", last).strip("._-")[:64] or "model"


@dataclass(frozen=True)
class Decoding:
    """How the engine runs the model: most threads for single tokens, and how many tokens it reads ahead."""

    threads: int
    draft_tokens: int


def describe_variant(exported: Exported, variant: Variant) -> VariantEntry:
    """Tell of a variant what its export decides."""
    file, *extra_files = exported.names(variant.name)
    return VariantEntry(file, extra_files=tuple(extra_files), cpu_features=variant.cpu_features)


def write_bundle(
    exported: Exported,
    origin: Origin,
    entries: Mapping[str, VariantEntry],
    decoding: Decoding,
    provenance: Mapping[str, Any],
    evaluation: Mapping[str, Any],
) -> Bundle:
    """Write the manifest beside exported graphs, and remove what it does not name.

    Args:
        exported: the graphs.
        origin: of the model.
        entries: the bundle's variants.
        decoding: how they are run.
        provenance: what decided them besides the model.
        evaluation: what was measured.
    """
    kept = {TOKENIZER_NAME}.union(*(entry.files for entry in entries.values()))
    for path in exported.folder.iterdir():
        if path.name not in kept:
            path.unlink()
    manifest = Manifest(
        name=origin.bundle_name,
        language=origin.language,
        license=origin.license,
        files={name: describe_file(exported.folder / name) for name in sorted(kept)},
        variants=entries,
        engine=ENGINE,
        limits={CONTEXT_TOKENS: exported.context_tokens},
        engine_parameters={"family": origin.family} | _parameters(exported, list(entries), decoding).to_json(),
        provenance={"base": origin.base, "libraries": {name: version(name) for name in _LIBRARIES}, **provenance},
        evaluation=evaluation,
    )
    write_manifest(exported.folder, manifest)
    return read_bundle(exported.folder)


def _parameters(exported: Exported, variants: list[str], decoding: Decoding) -> Parameters:
    return Parameters(
        template=exported.template,
        context_tokens=exported.context_tokens,
        vocabulary_size=exported.vocabulary_size,
        end_ids=exported.end_ids,
        start_ids=exported.start_ids,
        draft_tokens=decoding.draft_tokens,
        decode_threads=decoding.threads,
        graphs={name: exported.graphs(name) for name in variants},
    )
