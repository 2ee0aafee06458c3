"""The graphs of a generative bundle, as modules that `export` writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from briefd_build.generative.architecture import Order
from briefd_build.generative.blocks import (
    Cache,
    EncoderLayer,
    Normalize,
    ParallelLayer,
    Place,
    SerialLayer,
    join,
    make_joined,
    normalize_before,
    self_attend,
    split_heads,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.generative.architecture import Affine, Architecture, Layer, Stack
    from briefd_build.generative.kernels import Kernel

Pair = tuple[Tensor, Tensor]
"""Keys and values, as the arguments of a graph."""


class DecoderBody(nn.Module):
    """Everything of a decoder but its output layer.

    Args:
        stack: the decoder.
        embedding: gives [1, tokens, width] for token numbers [1, tokens].
        kernel: for its products.
        layer_count: how many layers are built.
    """

    positions: Tensor | None
    distance_bias: Tensor | None
    cosines: Tensor | None
    sines: Tensor | None

    def __init__(self, stack: Stack, embedding: nn.Module, kernel: Kernel, layer_count: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.embedding_norm = Normalize(stack.embedding_norm) if stack.embedding_norm else None
        self.layers = nn.ModuleList(_make_layer(layer, stack, kernel) for layer in stack.layers[:layer_count])
        self.register_buffer("positions", stack.positions)
        self.register_buffer("distance_bias", stack.distance_bias)
        self.register_buffer("cosines", stack.rotary.cosines if stack.rotary else None)
        self.register_buffer("sines", stack.rotary.sines if stack.rotary else None)

    def forward(
        self,
        token_ids: Tensor,
        last_position: Tensor,
        total_length: Tensor,
        caches: Sequence[Pair],
        crosses: Sequence[Pair],
        key_positions: Tensor | None,
    ) -> tuple[Tensor, Place, list[Cache]]:
        """Run tokens through the layers: [1, tokens] -> [1, tokens, width], their place, and the caches with them."""
        hidden = self.embedding(token_ids)
        query_positions = total_length.long() - token_ids.shape[1] + torch.arange(token_ids.shape[1])
        if self.positions is not None:
            hidden = hidden + self.positions[query_positions]
        if self.embedding_norm is not None:
            hidden = self.embedding_norm(hidden)
        score_bias = None
        if self.distance_bias is not None and key_positions is not None:
            # A key after its query is masked by the operator, so any bias will do for it.
            distances = (query_positions[:, None] - key_positions[None]).clamp(min=0)
            score_bias = self.distance_bias[:, distances][None]
        place = Place(last_position, total_length, self.cosines, self.sines, score_bias)
        written = []
        for number, layer in enumerate(self.layers):
            cross = Cache(*crosses[number]) if crosses else None
            hidden, cache = layer(hidden, Cache(*caches[number]), place, cross)
            written.append(cache)
        return hidden, place, written


class DecoderGraph(nn.Module):
    """Reads tokens and proposes the next: for prompts, for single tokens, and for drafts.

    `head` is made of the output layer; of one of low rank, of what follows its inner product, which is done here.
    """

    def __init__(self, architecture: Architecture, embedding: nn.Module, kernel: Kernel, head: nn.Module) -> None:
        super().__init__()
        stack = architecture.decoder
        self.body = DecoderBody(stack, embedding, kernel, len(stack.layers))
        # The head takes in what can be moved of the last normalization: see `output_behind_norm`.
        self.final_norm = normalize_before(stack.final_norm, ())[0] if stack.final_norm else None
        inner = output_behind_norm(architecture).inner
        self.narrow = None if inner is None else kernel.linear(inner, None)
        self.head = head

    def forward(  # noqa: PLR0913, PLR0917 - the inputs of a graph
        self,
        token_ids: Tensor,
        last_position: Tensor,
        total_length: Tensor,
        read_positions: Tensor,
        allowed: Tensor,
        caches: list[Pair],
        crosses: list[Pair],
        key_positions: Tensor | None = None,
        row_ids: Tensor | None = None,
        rows: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, list[Cache]]:
        """Propose what follows the tokens at `read_positions` of the run; see `heads` for the outputs."""
        hidden, _, written = self.body(token_ids, last_position, total_length, caches, crosses, key_positions)
        hidden = hidden[0].index_select(0, read_positions)
        if self.final_norm is not None:
            hidden = self.final_norm(hidden)
        if self.narrow is not None:
            hidden = self.narrow(hidden)
        extra = () if rows is None else (row_ids, rows)
        return *self.head(hidden, allowed, *extra), written


class PrefillGraph(nn.Module):
    """Reads a prompt into the caches, all but its last token, and proposes nothing.

    So the last layer needs no more than its keys and values, and the output layer need not be there at all.
    """

    def __init__(self, architecture: Architecture, embedding: nn.Module, kernel: Kernel) -> None:
        super().__init__()
        stack = architecture.decoder
        *_, last = stack.layers
        self.body = DecoderBody(stack, embedding, kernel, len(stack.layers) - 1)
        self.heads = stack.heads
        attention = last.attention
        self.norm, following = normalize_before(attention.norm, join(attention.projections))
        self.enter = make_joined(kernel, following)

    def forward(
        self,
        token_ids: Tensor,
        last_position: Tensor,
        total_length: Tensor,
        caches: list[Pair],
    ) -> list[Cache]:
        """Read [1, tokens]; returns the caches of all layers with them."""
        hidden, place, written = self.body(token_ids, last_position, total_length, caches, (), None)
        _, last = self_attend(self.enter(self.norm(hidden)), self.heads, Cache(*caches[-1]), place)
        return [*written, last]


class EncoderGraph(nn.Module):
    """Reads a prompt as a whole, and gives each layer of the decoder its keys and values of it."""

    positions: Tensor | None
    distance_bias: Tensor | None

    def __init__(self, architecture: Architecture, embedding: nn.Module, kernel: Kernel) -> None:
        super().__init__()
        stack = architecture.encoder
        assert stack is not None
        self.embedding = embedding
        self.embedding_norm = Normalize(stack.embedding_norm) if stack.embedding_norm else None
        self.layers = nn.ModuleList(EncoderLayer(layer, stack.order, stack.heads, kernel) for layer in stack.layers)
        self.final_norm = Normalize(stack.final_norm) if stack.final_norm else None
        self.heads = architecture.decoder.heads
        crosses = [layer.cross for layer in architecture.decoder.layers if layer.cross]
        self.crosses = nn.ModuleList(make_joined(kernel, join((cross.key, cross.value))) for cross in crosses)
        self.register_buffer("positions", stack.positions)
        self.register_buffer("distance_bias", stack.distance_bias)

    def forward(self, token_ids: Tensor) -> list[Cache]:
        """Read [1, tokens]; returns keys and values for every layer of the decoder, [1, heads, tokens, size] each."""
        hidden = self.embedding(token_ids)
        places = torch.arange(token_ids.shape[1])
        if self.positions is not None:
            hidden = hidden + self.positions[places]
        if self.embedding_norm is not None:
            hidden = self.embedding_norm(hidden)
        score_bias = None
        if self.distance_bias is not None:
            middle = self.distance_bias.shape[1] // 2
            score_bias = self.distance_bias[:, places[None] - places[:, None] + middle][None]
        for layer in self.layers:
            hidden = layer(hidden, score_bias)
        if self.final_norm is not None:
            hidden = self.final_norm(hidden)
        return [
            Cache(*(split_heads(part, self.heads) for part in project(hidden).chunk(2, dim=-1)))
            for project in self.crosses
        ]


def output_behind_norm(architecture: Architecture) -> Affine:
    """Give the output layer with what `DecoderGraph` moves of the last normalization into it."""
    norm = architecture.decoder.final_norm
    return normalize_before(norm, (architecture.output,))[1][0] if norm else architecture.output


def _make_layer(layer: Layer, stack: Stack, kernel: Kernel) -> nn.Module:
    if stack.order is Order.PARALLEL:
        return ParallelLayer(layer, stack.heads, kernel)
    return SerialLayer(layer, stack.order, stack.heads, kernel)
