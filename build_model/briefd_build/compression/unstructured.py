"""Setting the smallest weights to zero (Han et al. 2015, "Learning both Weights and Connections").

It makes files compress better and nothing faster: kernels multiply zeros as they do all other numbers. Training that
follows moves the zeros away again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import torch
from torch import Tensor, nn

from briefd_build.compression.layers import untied_layers
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

Scope = Literal["global", "layer"]


class Pruned(NamedTuple):
    """What pruning left.

    Attributes:
        zeros: weights that are 0 now.
        weights: of all layers that were pruned.
        layers: how many.
    """

    zeros: int
    weights: int
    layers: int


@torch.no_grad()
def prune_smallest(
    network: nn.Module, share: float, scope: Scope, *, leave: Sequence[str] = (), with_embeddings: bool = False
) -> Pruned:
    """Set a share of the weights of linear layers to zero, in place: those of the smallest magnitude.

    Biases, normalization and layers that share their weight stay as they are (see `untied_layers`).

    Args:
        network: any.
        share: of the weights, 0 to 1; a layer's, or all layers' together, rounded.
        scope: whether weights are compared with those of all layers, or of their own.
        leave: patterns of paths of layers that stay as they are.
        with_embeddings: whether embeddings are pruned too.

    Raises:
        BuildError: nothing is left to prune.
    """
    layers = untied_layers(network, leave=leave, with_embeddings=with_embeddings).values()
    weights = [layer.weight for layer in layers if isinstance(layer.weight, Tensor)]
    if not weights:
        raise BuildError("there are no linear layers to prune; leave fewer out")
    for group in [weights] if scope == "global" else [[weight] for weight in weights]:
        _prune(group, share)
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return Pruned(zeros, sum(weight.numel() for weight in weights), len(weights))


def _prune(weights: Sequence[Tensor], share: float) -> None:
    """Of equal magnitudes the first go, so that the same ones go on every machine."""
    magnitudes = torch.cat([weight.abs().flatten() for weight in weights])
    count = round(share * len(magnitudes))
    if count == 0:
        return
    threshold = magnitudes.kthvalue(count).values
    equal = (magnitudes == threshold).nonzero().flatten()
    kept = magnitudes > threshold
    kept[equal[count - int((magnitudes < threshold).sum()) :]] = True
    for weight, mask in zip(weights, kept.split([weight.numel() for weight in weights]), strict=True):
        weight.mul_(mask.reshape(weight.shape))
