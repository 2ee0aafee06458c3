"""What a bundle's manifest tells the generative engine, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_server.engines.generative.prompt import Template, read_template
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from briefd_server.bundle import Manifest

CONTEXT_TOKENS = "context_tokens"

_MOST_DRAFT_TOKENS = 16
_MOST_CONTEXT_TOKENS = 1 << 17


@dataclass(frozen=True, slots=True)
class GraphNames:
    """Names of a variant's graphs in the bundle: see `GraphFiles`."""

    decode: str
    prefill: str | None = None
    encode: str | None = None
    rows: str | None = None


@dataclass(frozen=True, slots=True)
class Parameters:
    """The engine's part of a manifest.

    Attributes:
        template: what stands around the text.
        context_tokens: most tokens of prompt and answer; of an encoder-decoder model, of each.
        vocabulary_size: rows of the output layer.
        end_ids: tokens that mean the end of the text.
        start_ids: what a decoder after an encoder reads first; empty for other models.
        draft_tokens: how many tokens are read ahead where the text is copied; 0: none.
        decode_threads: most threads for single tokens.
        graphs: of each variant.
    """

    template: Template
    context_tokens: int
    vocabulary_size: int
    end_ids: tuple[int, ...]
    start_ids: tuple[int, ...]
    draft_tokens: int
    decode_threads: int
    graphs: Mapping[str, GraphNames]

    def to_json(self) -> dict[str, Any]:
        """Write what `read_parameters` reads of `engine_parameters`."""
        names = {
            variant: {
                part: name
                for part in GraphNames.__slots__
                if (name := getattr(graphs, part)) is not None
            }
            for variant, graphs in self.graphs.items()
        }  # fmt: skip
        return {
            "prompt": {"prefix": self.template.prefix, "suffix": self.template.suffix},
            "vocabulary_size": self.vocabulary_size,
            "end_ids": list(self.end_ids),
            "start_ids": list(self.start_ids),
            "draft_tokens": self.draft_tokens,
            "decode_threads": self.decode_threads,
            "graphs": names,
        }


def read_parameters(manifest: Manifest) -> Parameters:
    """Read this engine's parameters off a manifest; raises `BundleError` where they are missing or wrong."""
    try:
        given = manifest.engine_parameters
        return Parameters(
            template=read_template(given["prompt"]),
            context_tokens=_whole(manifest.limits, CONTEXT_TOKENS, 1, _MOST_CONTEXT_TOKENS),
            vocabulary_size=_whole(given, "vocabulary_size", 1, 1 << 24),
            end_ids=_ids(given, "end_ids"),
            start_ids=_ids(given, "start_ids"),
            draft_tokens=_whole(given, "draft_tokens", 0, _MOST_DRAFT_TOKENS),
            decode_threads=_whole(given, "decode_threads", 1, 256),
            graphs={variant: _graphs(names, given, manifest) for variant, names in given["graphs"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"bundle {manifest.name}: bad engine parameters ({error}); rebuild it") from None


def _whole(given: Mapping[str, Any], key: str, least: int, most: int) -> int:
    value = given[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"{key} must be a whole number from {least} to {most}")
    return value


def _graphs(names_by_part: Mapping[str, Any], given: Mapping[str, Any], manifest: Manifest) -> GraphNames:
    names = GraphNames(**names_by_part)
    if not set(names_by_part.values()) <= manifest.files.keys():
        raise ValueError("a graph is not among the bundle's files")
    if names.encode and not given["start_ids"]:
        raise ValueError("start_ids must name what a decoder after an encoder reads first")
    return names


def _ids(given: Mapping[str, Any], key: str) -> tuple[int, ...]:
    value = given[key]
    size = _whole(given, "vocabulary_size", 1, 1 << 24)
    if not isinstance(value, list) or not all(isinstance(each, int) and 0 <= each < size for each in value):
        raise ValueError(f"{key} must be a list of tokens of the vocabulary")
    return tuple(value)
