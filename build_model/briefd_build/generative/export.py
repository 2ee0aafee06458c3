"""From a model's plain weights to the graphs of one variant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from briefd_build.generative.graphs import DecoderGraph, EncoderGraph, PrefillGraph, output_behind_norm
from briefd_build.generative.heads import FullHead, RowTable, ScreenedHead, ShortlistHead
from briefd_build.generative.onnx_files import Input, WeightFiles, export_graph
from briefd_build.generative.variants import INT8_TABLES, HeadKind, Variant
from briefd_server.engines.generative import graph

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torch import Tensor, nn

    from briefd_build.generative.architecture import Architecture, Stack
    from briefd_build.generative.kernels import Kernel

_SHARED = {"embedding.": "embedding.int8.weights", "rows.": "output-rows.int8.weights"}
_AUTO = torch.export.Dim.AUTO


@dataclass(frozen=True)
class Vocabularies:
    """What the output layer must know of the tokens.

    Attributes:
        ends: tokens that end a sentence or the text.
        frequent: tokens of the shortlist, the ends among them.
    """

    ends: Sequence[int]
    frequent: Sequence[int]


@dataclass(frozen=True)
class VariantFiles:
    """Files of a variant in the bundle's folder, by the graph that they belong to; the first of each is the graph."""

    decode: Sequence[str]
    prefill: Sequence[str] = ()
    encode: Sequence[str] = ()
    rows: Sequence[str] = ()


def export_variant(
    architecture: Architecture, variant: Variant, vocabularies: Vocabularies, folder: Path
) -> VariantFiles:
    """Write the graphs of a variant; those that another variant wrote already are not written again."""
    exporter = _Exporter(architecture, variant, vocabularies, folder)
    is_encoder_decoder = architecture.encoder is not None
    return VariantFiles(
        decode=exporter.export_decoder(),
        prefill=exporter.export_prefill() if variant.prefill and not is_encoder_decoder else (),
        encode=exporter.export_encoder() if is_encoder_decoder else (),
        rows=exporter.export_rows() if variant.head is HeadKind.SHORTLIST else (),
    )


class _Exporter:
    def __init__(self, architecture: Architecture, variant: Variant, vocabularies: Vocabularies, folder: Path) -> None:
        self._architecture = architecture
        self._variant = variant
        self._vocabularies = vocabularies
        # What is multiplied first of an output layer of low rank is the decoder's (see `DecoderGraph`).
        self._output = replace(output_behind_norm(architecture), inner=None)
        self._weights = WeightFiles(folder, _SHARED if variant.tables == INT8_TABLES else {})

    def export_decoder(self) -> list[str]:
        stack = self._architecture.decoder
        module = DecoderGraph(self._architecture, self._embedding(stack), self._variant.decode, self._head())
        has_shortlist = self._variant.head is HeadKind.SHORTLIST
        width = self._output.weight.shape[1]
        candidate_count = len(self._vocabularies.frequent) + 5 if has_shortlist else len(self._output.weight)
        inputs = _place_inputs() | {
            "read_positions": Input(torch.tensor([0, 1]), graph.READ_POSITIONS, {0: _AUTO}),
            "allowed": Input(torch.zeros(candidate_count), graph.ALLOWED, {0: _AUTO} if has_shortlist else {}),
            "caches": _cache_input(stack),
            "crosses": self._cross_input(),
        }
        if stack.distance_bias is not None:
            inputs["key_positions"] = Input(torch.arange(9), graph.KEY_POSITIONS, {0: _AUTO})
        if has_shortlist:
            inputs["row_ids"] = Input(torch.arange(5), graph.ROW_IDS, {0: _AUTO})
            inputs["rows"] = Input(torch.zeros(width + 1, 5), graph.ROWS, {1: _AUTO})
        outputs = [graph.CANDIDATE_IDS, graph.CANDIDATE_SCORES, graph.END_MARGINS, _written(stack)]
        return export_graph(module, inputs, outputs, f"decode.{self._variant.name}", self._weights)

    def export_prefill(self) -> list[str]:
        assert self._variant.prefill is not None
        stack = self._architecture.decoder
        module = PrefillGraph(self._architecture, self._embedding(stack), self._variant.prefill)
        inputs = _place_inputs() | {"caches": _cache_input(stack)}
        return export_graph(module, inputs, _written(stack), "prefill.int8", self._weights)

    def export_encoder(self) -> list[str]:
        stack = self._architecture.encoder
        assert stack is not None
        kernel = self._variant.prefill or self._variant.decode
        module = EncoderGraph(self._architecture, self._embedding(stack), kernel)
        inputs = {"token_ids": Input(torch.ones(1, 8, dtype=torch.int64), graph.TOKEN_IDS, {1: _AUTO})}
        outputs = [graph.cross_names(layer) for layer in range(len(self._architecture.decoder.layers))]
        name = "encode.int8" if self._variant.prefill else f"encode.{self._variant.name}"
        return export_graph(module, inputs, outputs, name, self._weights)

    def export_rows(self) -> list[str]:
        module = RowTable(self._output, self._rows(), self._vocabularies.frequent)
        inputs = {"row_ids": Input(torch.arange(5), graph.ROW_IDS, {0: _AUTO})}
        return export_graph(module, inputs, [graph.ROWS, graph.IS_RARE, graph.FREQUENT], "rows", self._weights)

    def _embedding(self, stack: Stack) -> nn.Module:
        return self._variant.tables.table(stack.embedding)

    def _rows(self) -> nn.Module:
        return self._variant.tables.table(self._output.weight)

    def _head(self) -> nn.Module:
        ends = self._vocabularies.ends
        kernel: Kernel = self._variant.output
        if self._variant.head is HeadKind.SCREENED:
            return ScreenedHead(self._output, ends, kernel, self._rows())
        if self._variant.head is HeadKind.SHORTLIST:
            return ShortlistHead(self._output, self._vocabularies.frequent, ends, kernel)
        return FullHead(self._output, ends, kernel)

    def _cross_input(self) -> Input:
        if self._architecture.encoder is None:
            return Input([], [], [])
        stack = self._architecture.decoder
        example = torch.zeros(1, stack.heads.count, 7, stack.heads.size)
        return _for_each_layer(stack, example, [graph.cross_names(layer) for layer in range(len(stack.layers))])


def _place_inputs() -> dict[str, Input]:
    # The example is a draft of several tokens after some in the cache: the general case.
    return {
        "token_ids": Input(torch.ones(1, 3, dtype=torch.int64), graph.TOKEN_IDS, {1: _AUTO}),
        "last_position": Input(torch.tensor([8], dtype=torch.int32), graph.LAST_POSITION, {}),
        "total_length": Input(torch.tensor([9], dtype=torch.int32), graph.TOTAL_LENGTH, {}),
    }


def _cache_input(stack: Stack) -> Input:
    example = torch.zeros(1, stack.heads.key_value_count, 24, stack.heads.size)
    names = [graph.cache_names(layer, written=False) for layer in range(len(stack.layers))]
    return _for_each_layer(stack, example, names)


def _for_each_layer(stack: Stack, example: Tensor, names: list[tuple[str, str]]) -> Input:
    axes: Any = {2: _AUTO}
    count = len(stack.layers)
    return Input([(example.clone(), example.clone()) for _ in range(count)], names, [(axes, axes)] * count)


def _written(stack: Stack) -> list[tuple[str, str]]:
    return [graph.cache_names(layer, written=True) for layer in range(len(stack.layers))]
