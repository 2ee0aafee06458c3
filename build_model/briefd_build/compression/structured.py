"""Taking layers, attention heads and feed-forward neurons out of a BERT-style encoder, the least important first.

They are taken out of the matrices, not set to zero, so every byte and every multiplication is saved. Importance is
measured on data: of a layer by the loss without it; of a head or a neuron by the first-order change of the loss
without it, |activation · gradient| (Molchanov et al. 2017, "Pruning Convolutional Neural Networks for Resource
Efficient Inference"; for heads Michel, Levy and Neubig 2019, "Are Sixteen Heads Really Better than One?").
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from transformers import BertModel
    from transformers.models.bert.modeling_bert import BertLayer

    Losses = Callable[[], Iterator[Tensor]]
    """Computes the loss of every batch of a sample, with the network as it is when called."""


@dataclass(frozen=True)
class EncoderShape:
    """What structured pruning leaves of an encoder.

    Attributes:
        layers: how many.
        heads: attention heads of each layer.
        feed_forward_width: neurons of each layer.
    """

    layers: int
    heads: int
    feed_forward_width: int


def shape_of(bert: BertModel) -> EncoderShape:
    """Tell the shape of an encoder, pruned or not."""
    return EncoderShape(
        bert.config.num_hidden_layers,
        encoder_layers(bert)[0].attention.self.num_attention_heads,
        bert.config.intermediate_size,
    )


def prune_structure(bert: BertModel, losses: Losses, shape: EncoderShape) -> None:
    """Prune to a shape, in place: layers first, then heads and neurons by what counts in the layers that stay."""
    prune_layers(bert, losses, shape.layers)
    prune_heads(bert, losses, shape.heads)
    prune_feed_forward(bert, losses, shape.feed_forward_width)


def prune_layers(bert: BertModel, losses: Losses, count: int) -> list[int]:
    """Leave out one layer after the other, each time the one without which the loss is least, until `count` are left.

    Returns:
        The numbers of the layers that stay, from 0.
    """
    layers = encoder_layers(bert)
    kept = list(range(len(layers)))
    while len(kept) > count:
        without = [[other for other in kept if other != layer] for layer in kept]
        kept = min(without, key=lambda rest: _loss_with(bert, [layers[each] for each in rest], losses))
    _set_layers(bert, [layers[each] for each in kept])
    return kept


def prune_heads(bert: BertModel, losses: Losses, count: int) -> None:
    """Leave each layer its `count` most important attention heads, in place."""
    layers = encoder_layers(bert)
    for layer, scores in zip(
        layers, _importance([each.attention.output.dense for each in layers], losses), strict=True
    ):
        size = layer.attention.self.attention_head_size
        _keep_heads(layer, scores.reshape(-1, size).sum(1).topk(count).indices.sort().values)


def prune_feed_forward(bert: BertModel, losses: Losses, width: int) -> None:
    """Narrow every feed-forward layer to its `width` most important neurons, in place."""
    layers = encoder_layers(bert)
    for layer, scores in zip(layers, _importance([each.output.dense for each in layers], losses), strict=True):
        _keep_neurons(layer, scores.topk(width).indices.sort().values)
    bert.config.intermediate_size = width


def reshape(bert: BertModel, shape: EncoderShape) -> None:
    """Give an encoder a smaller shape, in place, for weights that are loaded afterwards."""
    _set_layers(bert, encoder_layers(bert)[: shape.layers])
    for layer in encoder_layers(bert):
        _keep_heads(layer, torch.arange(shape.heads))
        _keep_neurons(layer, torch.arange(shape.feed_forward_width))
    bert.config.intermediate_size = shape.feed_forward_width


def encoder_layers(bert: BertModel) -> list[BertLayer]:
    """List the layers, the first one first."""
    return cast("list[BertLayer]", list(bert.encoder.layer))


def _set_layers(bert: BertModel, layers: Sequence[BertLayer]) -> None:
    bert.encoder.layer = nn.ModuleList(layers)
    bert.config.num_hidden_layers = len(layers)


@torch.no_grad()
def _loss_with(bert: BertModel, layers: Sequence[BertLayer], losses: Losses) -> float:
    before = encoder_layers(bert)
    _set_layers(bert, layers)
    try:
        return fmean(loss.item() for loss in losses())
    finally:
        _set_layers(bert, before)


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


def _keep_heads(layer: BertLayer, kept: Tensor) -> None:
    attention, output = layer.attention.self, layer.attention.output
    size = attention.attention_head_size
    rows = (kept[:, None] * size + torch.arange(size)).flatten()
    for name in ("query", "key", "value"):
        dense = getattr(attention, name)
        setattr(attention, name, _linear(dense.weight[rows], dense.bias[rows]))
    output.dense = _linear(output.dense.weight[:, rows], output.dense.bias)
    attention.num_attention_heads, attention.all_head_size = len(kept), len(rows)


def _keep_neurons(layer: BertLayer, kept: Tensor) -> None:
    widen, narrow = layer.intermediate.dense, layer.output.dense
    layer.intermediate.dense = _linear(widen.weight[kept], widen.bias[kept])
    layer.output.dense = _linear(narrow.weight[:, kept], narrow.bias)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    layer = nn.Linear(weight.shape[1], weight.shape[0], device=weight.device)
    layer.weight = nn.Parameter(weight.detach().clone())
    layer.bias = nn.Parameter(bias.detach().clone())
    return layer
