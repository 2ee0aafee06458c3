"""A linear layer as two thinner ones, and putting it where the whole one was."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

LinearLayer = nn.Linear | Conv1D
"""GPT-2's layers are linear ones that keep their weight [inputs, outputs]."""


class FactoredLinear(nn.Sequential):
    """Two linear layers, inputs -> rank -> outputs, in place of one; all that the first does is multiply.

    A class of its own, so that such a pair is never mistaken for two layers that were always there.
    """

    def __init__(self, in_features: int, rank: int, out_features: int, *, bias: bool = True) -> None:
        super().__init__(nn.Linear(in_features, rank, bias=False), nn.Linear(rank, out_features, bias=bias))
        self.in_features, self.rank, self.out_features = in_features, rank, out_features

    @property
    def halves(self) -> tuple[nn.Linear, nn.Linear]:
        """The one that reads, then the one that writes and has the bias."""
        return cast("nn.Linear", self[0]), cast("nn.Linear", self[1])

    @property
    def weight(self) -> Tensor:
        """The weight that outputs are of the type of: T5's layers ask for it before they compute."""
        return self.halves[1].weight


def matrix_of(layer: LinearLayer) -> Tensor:
    """Return the weight as [outputs, inputs], whichever way the layer keeps it; a view."""
    return layer.weight.t() if isinstance(layer, Conv1D) else layer.weight


def put_module(network: nn.Module, path: str, module: nn.Module) -> None:
    """Replace the module at a dotted path; raises `AttributeError` where there is none."""
    parent, _, name = path.rpartition(".")
    owner = network.get_submodule(parent)
    owner.get_submodule(name)
    setattr(owner, name, module)
