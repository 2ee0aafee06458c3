"""What every supported family comes down to: plain weights, and how they are put together.

A family's reader (see `families`) fills these; `blocks` turns them into exported operators. All tensors are float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Affine:
    """A linear layer, whole or of low rank.

    Attributes:
        weight: [outputs, inputs]; of low rank [outputs, rank].
        bias: [outputs], where there is one.
        inner: of low rank what the inputs are multiplied by first: [rank, inputs].
    """

    weight: Tensor
    bias: Tensor | None = None
    inner: Tensor | None = None


@dataclass(frozen=True)
class Norm:
    """A layer normalization with weight and bias [width], or, without a bias, one by the root of the mean square."""

    weight: Tensor
    bias: Tensor | None
    epsilon: float


class Order(Enum):
    """Where a layer normalizes, and what it adds up."""

    PARALLEL = "parallel"
    """Attention and feed-forward read the same input and are added to it together (GPT-NeoX)."""
    BEFORE = "before"
    """Each part reads its normalized input and is added to the input (GPT-2, Llama, T5)."""
    AFTER = "after"
    """Each part is added to its input, then the sum is normalized (BART)."""


@dataclass(frozen=True)
class Heads:
    """The shape of an attention: products of queries and keys are multiplied by `scale` before the softmax."""

    count: int
    key_value_count: int
    size: int
    scale: float


@dataclass(frozen=True)
class Attention:
    """Projections of an attention, and the normalization that belongs to it."""

    norm: Norm
    query: Affine
    key: Affine
    value: Affine
    output: Affine

    @property
    def projections(self) -> tuple[Affine, Affine, Affine]:
        """What reads the input, in the order in which the operator of attention takes them."""
        return self.query, self.key, self.value


@dataclass(frozen=True)
class FeedForward:
    """down(activation(up(x))), or with a gate down(activation(gate(x)) * up(x)).

    `activation` is named as in transformers.
    """

    norm: Norm
    gate: Affine | None
    up: Affine
    down: Affine
    activation: str


@dataclass(frozen=True)
class Layer:
    """One layer; `cross` attends to an encoder's output."""

    attention: Attention
    cross: Attention | None
    feed_forward: FeedForward


@dataclass(frozen=True)
class Rotary:
    """Cosines and sines of the rotations of the pairs (i, i + size / 2) of a head: [positions, size / 2]."""

    cosines: Tensor
    sines: Tensor


@dataclass(frozen=True)
class Stack:
    """An encoder or a decoder.

    Attributes:
        embedding: [vocabulary, width], scaled as the model scales it.
        positions: learned positions [positions, width], added to the embedding.
        embedding_norm: normalization of that sum.
        layers: from the input on.
        order: of every layer.
        heads: of every attention.
        final_norm: normalization of the last layer's output.
        rotary: positions as rotations.
        distance_bias: what is added to the score of a key by its distance from the query: [heads, distances]; in an
            encoder of 2 * positions - 1 distances (key minus query, from the most negative on), in a decoder of
            positions (query minus key).
    """

    embedding: Tensor
    layers: tuple[Layer, ...]
    order: Order
    heads: Heads
    final_norm: Norm | None
    positions: Tensor | None = None
    embedding_norm: Norm | None = None
    rotary: Rotary | None = None
    distance_bias: Tensor | None = None


@dataclass(frozen=True)
class Architecture:
    """A whole model: `output` maps the decoder's hidden state [width] to logits [vocabulary]."""

    decoder: Stack
    output: Affine
    encoder: Stack | None = None
