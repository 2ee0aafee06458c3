"""Taking layers, attention heads and feed-forward neurons out of a network, the least important first.

They are taken out of the matrices, not set to zero, so every byte and every multiplication is saved. Importance is
measured on data: of a layer by the loss without it; of a head or a neuron by the first-order change of the loss
without it, |activation · gradient| (Molchanov et al. 2017, "Pruning Convolutional Neural Networks for Resource
Efficient Inference"; for heads Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than One?").
"""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from briefd_build.compression.anatomy import spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_build.compression.anatomy import Anatomy, Shape

    Losses = Callable[[], Iterator[Tensor]]
    """Computes the loss of every batch of a sample, with the network as it is when called."""


def prune_structure(anatomy: Anatomy, losses: Losses, shape: Shape) -> None:
    """Prune to a shape, in place: layers first, then heads and neurons by what counts in the layers that stay.

    What the shape does not change is not measured either.
    """
    present = anatomy.shape
    if shape.layers < present.layers:
        prune_layers(anatomy, losses, shape.layers)
    if shape.heads < present.heads:
        prune_heads(anatomy, losses, shape.heads)
    if shape.feed_forward_width < present.feed_forward_width:
        prune_feed_forward(anatomy, losses, shape.feed_forward_width)


def prune_layers(anatomy: Anatomy, losses: Losses, count: int) -> list[int]:
    """Leave out one layer after the other, each time the one without which the loss is least, until `count` are left.

    Returns:
        The numbers of the layers that stay, from 0.
    """
    layers = anatomy.layers
    kept = list(range(len(layers)))
    while len(kept) > count:
        without = [[other for other in kept if other != layer] for layer in kept]
        kept = min(without, key=lambda rest: _loss_with(anatomy, [layers[each] for each in rest], losses))
    anatomy.set_layers([layers[each] for each in kept])
    return kept


def prune_heads(anatomy: Anatomy, losses: Losses, count: int) -> None:
    """Leave each layer its `count` most important attention heads, in place; whole units of them."""
    unit = anatomy.heads_a_unit
    readers = [anatomy.head_reader(layer) for layer in anatomy.layers]
    units = anatomy.shape.heads // unit
    scores = (each.reshape(units, -1).sum(1) for each in _importance(readers, losses))
    kept = (each.topk(count // unit).indices.sort().values for each in scores)
    anatomy.keep_heads([spread(each, unit) for each in kept])


def prune_feed_forward(anatomy: Anatomy, losses: Losses, width: int) -> None:
    """Narrow every feed-forward layer to its `width` most important neurons, in place."""
    readers = [anatomy.neuron_reader(layer) for layer in anatomy.layers]
    anatomy.keep_neurons([scores.topk(width).indices.sort().values for scores in _importance(readers, losses)])


def reshape(anatomy: Anatomy, shape: Shape) -> None:
    """Give a network a smaller shape, in place, for weights that are loaded afterwards."""
    anatomy.set_layers(anatomy.layers[: shape.layers])
    anatomy.keep_heads([torch.arange(shape.heads)] * shape.layers)
    anatomy.keep_neurons([torch.arange(shape.feed_forward_width)] * shape.layers)


@torch.no_grad()
def _loss_with(anatomy: Anatomy, layers: Sequence[nn.Module], losses: Losses) -> float:
    before = anatomy.layers
    anatomy.set_layers(layers)
    try:
        return fmean(loss.item() for loss in losses())
    finally:
        anatomy.set_layers(before)


def _importance(readers: Sequence[nn.Linear], losses: Losses) -> list[Tensor]:
    """Measure the importance of every input of some linear layers: |activation · gradient|, summed over batches."""
    activations: list[Tensor] = []

    def remember(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        inputs[0].retain_grad()
        activations.append(inputs[0])

    hooks = [reader.register_forward_pre_hook(remember) for reader in readers]
    totals = [torch.zeros(reader.in_features) for reader in readers]
    for loss in losses():
        loss.backward()
        for total, activation in zip(totals, activations, strict=True):
            assert activation.grad is not None
            total.add_((activation.detach() * activation.grad).sum(dim=(0, 1)).abs().cpu())
        activations.clear()
    for hook in hooks:
        hook.remove()
    return totals
