"""Which layers of a network compression may change."""

from __future__ import annotations

from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from torch import nn

from briefd_build.compression.factored import FactoredLinear, LinearLayer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def untied_layers(
    network: nn.Module, *, leave: Sequence[str] = (), with_embeddings: bool = False
) -> dict[str, nn.Module]:
    """List linear layers by path, in the network's order, and embeddings where asked.

    Layers whose weight another module uses too are left out, such as an output layer that is tied to the embedding:
    what is done to one would be done to the other.

    Args:
        network: any.
        leave: patterns of paths that are left out too: `*.pooler.*`, `embed_out`.
        with_embeddings: whether embeddings are listed.
    """
    uses = Counter(id(module.weight) for module in network.modules() if isinstance(module, (LinearLayer, nn.Embedding)))
    kinds = (LinearLayer, nn.Embedding) if with_embeddings else (LinearLayer,)
    return {
        path: module
        for path, module in network.named_modules()
        if isinstance(module, kinds)
        and uses[id(module.weight)] == 1
        and not any(fnmatchcase(path, pattern) for pattern in leave)
    }


def whole_linear_layers(network: nn.Module, *, leave: Sequence[str] = ()) -> dict[str, LinearLayer]:
    """List the linear layers that are no halves of a factored one, as `untied_layers` does."""
    halves = set(_halves(network))
    layers = untied_layers(network, leave=leave)
    return {path: layer for path, layer in layers.items() if isinstance(layer, LinearLayer) and layer not in halves}


def _halves(network: nn.Module) -> Iterator[nn.Module]:
    for module in network.modules():
        if isinstance(module, FactoredLinear):
            yield from module
