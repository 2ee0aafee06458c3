"""The parts that structured pruning takes out of a network: one implementation a family of networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """What structured pruning leaves of a network.

    Attributes:
        layers: how many.
        heads: attention heads of each layer.
        feed_forward_width: neurons of each layer.
    """

    layers: int
    heads: int
    feed_forward_width: int


class Anatomy(Protocol):
    """A network's layers, attention heads, neurons and rows of the vocabulary, and how each is taken out.

    All layers have the same shape; what takes something out does so in place, and in the configuration.
    """

    @property
    def body(self) -> nn.Module:
        """The network itself, without the heads that a task puts on it."""

    @property
    def shape(self) -> Shape:
        """The present shape."""

    @property
    def row_count(self) -> int:
        """Rows of the vocabulary."""

    @property
    def heads_a_unit(self) -> int:
        """Heads that stay or go together, since they share keys and values."""

    @property
    def layers(self) -> list[nn.Module]:
        """The layers, the first one first."""

    def set_layers(self, layers: Sequence[nn.Module]) -> None:
        """Be made of these layers."""

    def projections(self, layer: nn.Module) -> list[nn.Module]:
        """Return what makes a layer's queries, keys and values: one module each, or one of all three."""

    def head_reader(self, layer: nn.Module) -> nn.Linear:
        """Return what reads the outputs of a layer's heads, side by side."""

    def neuron_reader(self, layer: nn.Module) -> nn.Linear:
        """Return what reads a layer's neurons."""

    def keep_heads(self, kept: Sequence[Tensor]) -> None:
        """Keep these heads of each layer, by number, in order, whole units of them and as many in each layer."""

    def keep_neurons(self, kept: Sequence[Tensor]) -> None:
        """Keep these neurons of each layer, by number, in order, and as many in each layer."""

    def keep_rows(self, kept: Sequence[int]) -> None:
        """Keep these rows of the vocabulary, by number, in their new order."""


def keep_outputs(layer: nn.Linear, kept: Tensor) -> nn.Linear:
    """Make a linear layer of some of another's outputs."""
    return _linear(layer.weight[kept], None if layer.bias is None else layer.bias[kept])


def keep_inputs(layer: nn.Linear, kept: Tensor) -> nn.Linear:
    """Make a linear layer of some of another's inputs."""
    return _linear(layer.weight[:, kept], layer.bias)


def spread(units: Tensor, size: int) -> Tensor:
    """Give the numbers of the values of units that are `size` wide each and stand side by side."""
    return (units[:, None] * size + torch.arange(size)).flatten()


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None, device=weight.device)
    layer.weight = nn.Parameter(weight.detach().clone())
    if bias is not None:
        layer.bias = nn.Parameter(bias.detach().clone())
    return layer
