"""Layers of an exported graph, made of plain weights and a kernel."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn
from torch.onnx import ops
from transformers.activations import ACT2FN

from briefd_build.generative.architecture import Affine, Order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.generative.architecture import Attention, FeedForward, Heads, Layer, Norm
    from briefd_build.generative.kernels import Kernel


class Place(NamedTuple):
    """Where in the text the tokens of a run stand, as the operator of attention wants it told.

    Attributes:
        last_position: int32 [1]; of the run's last token.
        total_length: int32 [1]; tokens up to it, itself included.
        cosines: [positions, head size / 2]; with `sines`, the rotations.
        sines: the same.
        score_bias: [1, heads, tokens, total]; what is added to the scores.
    """

    last_position: Tensor
    total_length: Tensor
    cosines: Tensor | None
    sines: Tensor | None
    score_bias: Tensor | None


class Cache(NamedTuple):
    """Keys and values of a layer, each [1, heads, capacity, head size]."""

    keys: Tensor
    values: Tensor


class Normalize(nn.Module):
    """A normalization; without `affine` its weight and bias are taken to be part of what follows."""

    weight: Tensor | None
    bias: Tensor | None

    def __init__(self, norm: Norm, *, affine: bool = True) -> None:
        super().__init__()
        self.epsilon = norm.epsilon
        self.is_centred = norm.bias is not None
        self.register_buffer("weight", norm.weight if affine else None)
        self.register_buffer("bias", norm.bias if affine else None)

    def forward(self, inputs: Tensor) -> Tensor:
        """Normalize the last dimension."""
        if self.is_centred:
            return nn.functional.layer_norm(inputs, inputs.shape[-1:], self.weight, self.bias, self.epsilon)
        # Written so that ONNX Runtime finds its fused operator in it.
        assert self.weight is not None
        return inputs / torch.sqrt(inputs.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Concatenated(nn.Module):
    """Linear layers that read the same input, their outputs side by side."""

    def __init__(self, kernel: Kernel, affines: Sequence[Affine]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(make_linear(kernel, each) for each in affines)

    def forward(self, inputs: Tensor) -> Tensor:
        """Compute [..., inputs] -> [..., outputs of all]."""
        return torch.cat([part(inputs) for part in self.parts], dim=-1)


class Summed(nn.Module):
    """Two linear layers that read an input each, their outputs added up."""

    def __init__(self, kernel: Kernel, first: Affine, second: Affine) -> None:
        super().__init__()
        self.first, self.second = (make_linear(kernel, each) for each in (first, second))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Compute [..., first inputs] and [..., second inputs] -> [..., outputs]."""
        return self.first(first) + self.second(second)  # type: ignore[no-any-return]


class SummedInOne(nn.Module):
    """As `Summed`, of whole layers: one product of both inputs side by side."""

    def __init__(self, kernel: Kernel, first: Affine, second: Affine) -> None:
        super().__init__()
        weight = torch.cat([first.weight, second.weight], dim=1)
        self.linear = make_linear(kernel, Affine(weight, _plus(first.bias, second.bias)))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """See `Summed`."""
        return self.linear(torch.cat([first, second], dim=-1))  # type: ignore[no-any-return]


def make_linear(kernel: Kernel, affine: Affine) -> nn.Module:
    """Make the module of a linear layer; one of low rank becomes two products."""
    outer = kernel.linear(affine.weight, affine.bias)
    return outer if affine.inner is None else nn.Sequential(kernel.linear(affine.inner, None), outer)


def normalize_before(norm: Norm, following: Sequence[Affine]) -> tuple[Normalize, list[Affine]]:
    """Move what can be moved of a normalization into the linear layers that read it: fewer operators a layer."""
    if norm.bias is None:
        return Normalize(norm), list(following)
    return Normalize(norm, affine=False), [_behind(norm.weight, norm.bias, each) for each in following]


def join(affines: Sequence[Affine]) -> list[Affine]:
    """Join neighbours among linear layers that read the same input: whole ones, and parts of one of low rank."""
    groups = groupby(affines, key=lambda each: id(each.inner) if each.inner is not None else None)
    return [_stack(list(group)) for _, group in groups]


def make_joined(kernel: Kernel, affines: Sequence[Affine]) -> nn.Module:
    """Make the module of what `join` gave."""
    return make_linear(kernel, affines[0]) if len(affines) == 1 else Concatenated(kernel, affines)


def count_outputs(affines: Sequence[Affine]) -> int:
    """Count the outputs of linear layers together."""
    return sum(len(each.weight) for each in affines)


def self_attend(joined: Tensor, heads: Heads, cache: Cache, place: Place) -> tuple[Tensor, Cache]:
    """Attend to the cache and to the run's own earlier tokens; `joined` is [1, tokens, queries + keys + values].

    The operator writes the new keys and values into the cache's own buffers where inputs and outputs are bound to the
    same memory.
    """
    shape = (*joined.shape[:2], heads.count * heads.size)
    inputs = [joined, None, None, *cache, place.last_position, place.total_length]
    if place.cosines is not None:
        inputs += [place.cosines, place.sines]
    elif place.score_bias is not None:
        inputs += [None, None, None, place.score_bias]
    attended, keys, values = ops.symbolic_multi_out(
        "com.microsoft::GroupQueryAttention",
        inputs,
        {
            "num_heads": heads.count,
            "kv_num_heads": heads.key_value_count,
            "scale": heads.scale,
            "do_rotary": int(place.cosines is not None),
        },
        dtypes=(joined.dtype,) * 3,
        shapes=(shape, cache.keys.shape, cache.values.shape),
        version=1,
    )
    return attended, Cache(keys, values)


class ParallelLayer(nn.Module):
    """A layer of the order `PARALLEL`: one product in, one product out, for attention and feed-forward together."""

    def __init__(self, layer: Layer, heads: Heads, kernel: Kernel) -> None:
        super().__init__()
        attention, feed_forward = layer.attention, layer.feed_forward
        self.heads = heads
        # Both normalizations see the same input, so they differ only in what is moved behind them.
        self.norm, projections = normalize_before(attention.norm, join(attention.projections))
        _, (up,) = normalize_before(feed_forward.norm, (feed_forward.up,))
        self.projected_count = count_outputs(projections)
        self.enter = make_joined(kernel, join((*projections, up)))
        self.activation = ACT2FN[feed_forward.activation]
        leaving = attention.output, feed_forward.down
        is_whole = all(each.inner is None for each in leaving)
        self.leave = (SummedInOne if is_whole else Summed)(kernel, *leaving)

    def forward(self, inputs: Tensor, cache: Cache, place: Place, cross: Cache | None) -> tuple[Tensor, Cache]:  # noqa: ARG002 - as other layers
        """See `SerialLayer`."""
        entered = self.enter(self.norm(inputs))
        attended, cache = self_attend(entered[..., : self.projected_count], self.heads, cache, place)
        activated = self.activation(entered[..., self.projected_count :])
        return inputs + self.leave(attended, activated), cache


class SerialLayer(nn.Module):
    """A decoder's layer of the orders `BEFORE` and `AFTER`."""

    def __init__(self, layer: Layer, order: Order, heads: Heads, kernel: Kernel) -> None:
        super().__init__()
        self.heads = heads
        attention = layer.attention
        self.attention = Residual(attention.norm, order, kernel, attention.projections, attention.output)
        self.cross = CrossAttention(layer.cross, order, heads, kernel) if layer.cross else None
        self.feed_forward = FeedForwardPart(layer.feed_forward, order, kernel)

    def forward(self, inputs: Tensor, cache: Cache, place: Place, cross: Cache | None) -> tuple[Tensor, Cache]:
        """Run [1, tokens, width] through the layer; returns the same shape, and the cache with the new tokens."""
        attended, cache = self_attend(self.attention.enter(inputs), self.heads, cache, place)
        outputs = self.attention.leave(inputs, attended)
        if self.cross is not None and cross is not None:
            outputs = self.cross(outputs, cross)
        return self.feed_forward(outputs), cache


class EncoderLayer(nn.Module):
    """A layer of an encoder: every token attends to every other."""

    def __init__(self, layer: Layer, order: Order, heads: Heads, kernel: Kernel) -> None:
        super().__init__()
        self.heads = heads
        attention = layer.attention
        self.attention = Residual(attention.norm, order, kernel, attention.projections, attention.output)
        self.feed_forward = FeedForwardPart(layer.feed_forward, order, kernel)

    def forward(self, inputs: Tensor, score_bias: Tensor | None) -> Tensor:
        """Run [1, tokens, width] through the layer; `score_bias` is [1, heads, tokens, tokens]."""
        queries, keys, values = (
            split_heads(part, self.heads) for part in self.attention.enter(inputs).chunk(3, dim=-1)
        )
        return self.feed_forward(self.attention.leave(inputs, attend(queries, keys, values, self.heads, score_bias)))  # type: ignore[no-any-return]


class CrossAttention(nn.Module):
    """Attention of a decoder to the encoder's keys and values, which were computed once."""

    def __init__(self, attention: Attention, order: Order, heads: Heads, kernel: Kernel) -> None:
        super().__init__()
        self.heads = heads
        self.part = Residual(attention.norm, order, kernel, (attention.query,), attention.output)

    def forward(self, inputs: Tensor, encoded: Cache) -> Tensor:
        """Run [1, tokens, width] through the part."""
        queries = split_heads(self.part.enter(inputs), self.heads)
        return self.part.leave(inputs, attend(queries, encoded.keys, encoded.values, self.heads, None))


class FeedForwardPart(nn.Module):
    """The feed-forward part of a layer."""

    def __init__(self, feed_forward: FeedForward, order: Order, kernel: Kernel) -> None:
        super().__init__()
        self.is_gated = feed_forward.gate is not None
        entering = (feed_forward.gate, feed_forward.up) if feed_forward.gate else (feed_forward.up,)
        self.part = Residual(feed_forward.norm, order, kernel, entering, feed_forward.down)
        self.activation = ACT2FN[feed_forward.activation]

    def forward(self, inputs: Tensor) -> Tensor:
        """Run [1, tokens, width] through the part."""
        entered = self.part.enter(inputs)
        if self.is_gated:
            gate, up = entered.chunk(2, dim=-1)
            return self.part.leave(inputs, self.activation(gate) * up)
        return self.part.leave(inputs, self.activation(entered))


class Residual(nn.Module):
    """What a part of a layer does before and after its own work: normalizing, projecting, adding up."""

    def __init__(self, norm: Norm, order: Order, kernel: Kernel, entering: Sequence[Affine], leaving: Affine) -> None:
        super().__init__()
        self.normalizes_after = order is Order.AFTER
        self.norm, entering = Normalize(norm), join(entering)
        if not self.normalizes_after:
            self.norm, entering = normalize_before(norm, entering)
        self.entering = make_joined(kernel, entering)
        self.leaving = make_linear(kernel, leaving)

    def enter(self, inputs: Tensor) -> Tensor:
        """Project the inputs."""
        return self.entering(inputs if self.normalizes_after else self.norm(inputs))  # type: ignore[no-any-return]

    def leave(self, inputs: Tensor, outputs: Tensor) -> Tensor:
        """Project what the part made of them, and add it to them."""
        added = inputs + self.leaving(outputs)
        return self.norm(added) if self.normalizes_after else added  # type: ignore[no-any-return]


def split_heads(projected: Tensor, heads: Heads) -> Tensor:
    """Turn [1, tokens, heads * size] into [1, heads, tokens, size]."""
    by_head: Tensor = projected.unflatten(-1, (heads.count, heads.size))
    return by_head.transpose(1, 2)


def attend(queries: Tensor, keys: Tensor, values: Tensor, heads: Heads, score_bias: Tensor | None) -> Tensor:
    """Attend to all keys; queries, keys and values are [1, heads, tokens, size], the result is [1, tokens, width]."""
    scores = queries * heads.scale @ keys.transpose(-1, -2)
    if score_bias is not None:
        scores = scores + score_bias
    return (scores.softmax(dim=-1) @ values).transpose(1, 2).flatten(2)


def _behind(scale: Tensor, shift: Tensor, affine: Affine) -> Affine:
    """Give the linear layer that computes of x what the given one computes of scale * x + shift."""
    if affine.inner is None:
        return Affine(affine.weight * scale, _plus(affine.bias, affine.weight @ shift))
    added = affine.weight @ (affine.inner @ shift)
    return Affine(affine.weight, _plus(affine.bias, added), affine.inner * scale)


def _stack(affines: Sequence[Affine]) -> Affine:
    weight = torch.cat([each.weight for each in affines])
    biases = [each.weight.new_zeros(len(each.weight)) if each.bias is None else each.bias for each in affines]
    has_bias = any(each.bias is not None for each in affines)
    return Affine(weight, torch.cat(biases) if has_bias else None, affines[0].inner)


def _plus(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        return first if second is None else second
    return first + second
