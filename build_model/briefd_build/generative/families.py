"""Readers of the supported families: from a transformers model to plain weights (see `architecture`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from briefd_build.compression.factored import FactoredLinear, matrix_of
from briefd_build.errors import BuildError
from briefd_build.generative.architecture import (
    Affine,
    Architecture,
    Attention,
    FeedForward,
    Heads,
    Layer,
    Norm,
    Order,
    Rotary,
    Stack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

# What ONNX Runtime's GroupQueryAttention asks of a head, with rotations (its group_query_attention_helper.h).
_HEAD_SIZE_UNIT = 16
# BART's tables of positions begin with two rows that stand for no position.
_BART_POSITION_OFFSET = 2


def read_architecture(model: Any, context_tokens: int) -> Architecture:
    """Read the weights of a float32 transformers model, for texts of up to `context_tokens`.

    Raises:
        BuildError: the family or a part of the configuration is not supported.

    """
    config = model.config
    if config.model_type not in _READERS:
        raise BuildError(f"the family {config.model_type!r} is not supported; use one of {', '.join(_READERS)}")
    with torch.no_grad():
        architecture = _READERS[config.model_type](model, context_tokens)
    for stack in filter(None, (architecture.decoder, architecture.encoder)):
        if stack.heads.size % _HEAD_SIZE_UNIT:
            raise BuildError(
                f"the attention heads of this model are {stack.heads.size} wide; "
                f"use one whose heads are {_HEAD_SIZE_UNIT} wide or a multiple of that"
            )
    return architecture


def _gpt_neox(model: Any, context_tokens: int) -> Architecture:
    config, body = model.config, model.gpt_neox
    size = config.hidden_size // config.num_attention_heads
    # Pruned heads are missing from the layers alone.
    count = body.layers[0].attention.query_key_value.out_features // (3 * size)
    heads = Heads(count, count, size, size**-0.5)
    rotary, pairing = _rotary(body.rotary_emb, size, context_tokens)

    def read_layer(layer: Any) -> Layer:
        query, key, value = _split_by_head(_affine(layer.attention.query_key_value), heads)
        return Layer(
            Attention(
                _norm(layer.input_layernorm),
                _pair(query, heads.count, pairing),
                _pair(key, heads.count, pairing),
                value,
                _affine(layer.attention.dense),
            ),
            None,
            FeedForward(
                _norm(layer.post_attention_layernorm),
                None,
                _affine(layer.mlp.dense_h_to_4h),
                _affine(layer.mlp.dense_4h_to_h),
                config.hidden_act,
            ),
        )

    decoder = Stack(
        embedding=_weight(body.embed_in),
        layers=tuple(map(read_layer, body.layers)),
        order=Order.PARALLEL if config.use_parallel_residual else Order.BEFORE,
        heads=heads,
        final_norm=_norm(body.final_layer_norm),
        rotary=rotary,
    )
    return Architecture(decoder, _affine(model.get_output_embeddings()))


def _gpt2(model: Any, context_tokens: int) -> Architecture:
    config, body = model.config, model.transformer
    if config.scale_attn_by_inverse_layer_idx:
        raise BuildError("scale_attn_by_inverse_layer_idx is not supported; use a model without it")
    size = config.hidden_size // config.num_attention_heads
    heads = Heads(
        config.num_attention_heads, config.num_attention_heads, size, size**-0.5 if config.scale_attn_weights else 1.0
    )

    def read_layer(layer: Any) -> Layer:
        query, key, value = _split(_affine(layer.attn.c_attn), lambda values: values.chunk(3))
        return Layer(
            Attention(_norm(layer.ln_1), query, key, value, _affine(layer.attn.c_proj)),
            None,
            FeedForward(
                _norm(layer.ln_2),
                None,
                _affine(layer.mlp.c_fc),
                _affine(layer.mlp.c_proj),
                config.activation_function,
            ),
        )

    decoder = Stack(
        embedding=_weight(body.wte),
        positions=_weight(body.wpe)[:context_tokens],
        layers=tuple(map(read_layer, body.h)),
        order=Order.BEFORE,
        heads=heads,
        final_norm=_norm(body.ln_f),
    )
    return Architecture(decoder, _affine(model.get_output_embeddings()))


def _llama(model: Any, context_tokens: int) -> Architecture:
    config, body = model.config, model.model
    if getattr(config, "use_sliding_window", False):
        raise BuildError("attention in a sliding window is not supported; use a model without use_sliding_window")
    size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    first = body.layers[0].self_attn
    # As with GPT-NeoX.
    heads = Heads(first.q_proj.out_features // size, first.k_proj.out_features // size, size, size**-0.5)
    rotary, pairing = _rotary(body.rotary_emb, size, context_tokens)

    def read_layer(layer: Any) -> Layer:
        attention, feed_forward = layer.self_attn, layer.mlp
        return Layer(
            Attention(
                _norm(layer.input_layernorm),
                _pair(_affine(attention.q_proj), heads.count, pairing),
                _pair(_affine(attention.k_proj), heads.key_value_count, pairing),
                _affine(attention.v_proj),
                _affine(attention.o_proj),
            ),
            None,
            FeedForward(
                _norm(layer.post_attention_layernorm),
                _affine(feed_forward.gate_proj),
                _affine(feed_forward.up_proj),
                _affine(feed_forward.down_proj),
                config.hidden_act,
            ),
        )

    decoder = Stack(
        embedding=_weight(body.embed_tokens),
        layers=tuple(map(read_layer, body.layers)),
        order=Order.BEFORE,
        heads=heads,
        final_norm=_norm(body.norm),
        rotary=rotary,
    )
    return Architecture(decoder, _affine(model.get_output_embeddings()))


def _t5(model: Any, context_tokens: int) -> Architecture:
    config = model.config
    heads = Heads(config.num_heads, config.num_heads, config.d_kv, 1.0)
    output = _affine(model.get_output_embeddings())
    if config.scale_decoder_outputs:
        output = replace(output, weight=output.weight * config.d_model**-0.5)

    def read_attention(attention: Any, norm: Any) -> Attention:
        return Attention(_norm(norm), *(_affine(getattr(attention, name)) for name in "qkvo"))

    def read_layer(layer: Any) -> Layer:
        first, *middle, last = layer.layer
        cross = read_attention(middle[0].EncDecAttention, middle[0].layer_norm) if middle else None
        inner = last.DenseReluDense
        gated = config.is_gated_act
        return Layer(
            read_attention(first.SelfAttention, first.layer_norm),
            cross,
            FeedForward(
                _norm(last.layer_norm),
                _affine(inner.wi_0) if gated else None,
                _affine(inner.wi_1 if gated else inner.wi),
                _affine(inner.wo),
                config.dense_act_fn,
            ),
        )

    def read_stack(stack: Any, distances: Tensor) -> Stack:
        attention = stack.block[0].layer[0].SelfAttention
        buckets = attention._relative_position_bucket(
            distances,
            bidirectional=not stack.config.is_decoder,
            num_buckets=config.relative_attention_num_buckets,
            max_distance=config.relative_attention_max_distance,
        )
        return Stack(
            embedding=_weight(model.shared),
            layers=tuple(map(read_layer, stack.block)),
            order=Order.BEFORE,
            heads=heads,
            final_norm=_norm(stack.final_layer_norm),
            distance_bias=_weight(attention.relative_attention_bias)[buckets].t().contiguous(),
        )

    back = torch.arange(context_tokens)
    both = torch.arange(1 - context_tokens, context_tokens)
    return Architecture(read_stack(model.decoder, -back), output, read_stack(model.encoder, both))


def _bart(model: Any, context_tokens: int) -> Architecture:
    config, body = model.config, model.model
    scale = config.d_model**0.5 if config.scale_embedding else 1.0

    def read_attention(attention: Any, norm: Any) -> Attention:
        names = ("q_proj", "k_proj", "v_proj", "out_proj")
        return Attention(_norm(norm), *(_affine(getattr(attention, name)) for name in names))

    def read_layer(layer: Any) -> Layer:
        cross = getattr(layer, "encoder_attn", None)
        return Layer(
            read_attention(layer.self_attn, layer.self_attn_layer_norm),
            read_attention(cross, layer.encoder_attn_layer_norm) if cross is not None else None,
            FeedForward(
                _norm(layer.final_layer_norm), None, _affine(layer.fc1), _affine(layer.fc2), config.activation_function
            ),
        )

    def read_stack(stack: Any, head_count: int) -> Stack:
        size = config.d_model // head_count
        table = _weight(stack.embed_positions)
        return Stack(
            embedding=_weight(body.shared) * scale,
            positions=table[_BART_POSITION_OFFSET : _BART_POSITION_OFFSET + context_tokens],
            embedding_norm=_norm(stack.layernorm_embedding),
            layers=tuple(map(read_layer, stack.layers)),
            order=Order.AFTER,
            heads=Heads(head_count, head_count, size, size**-0.5),
            final_norm=None,
        )

    output = replace(_affine(model.get_output_embeddings()), bias=model.final_logits_bias.detach()[0])
    return Architecture(
        read_stack(body.decoder, config.decoder_attention_heads),
        output,
        read_stack(body.encoder, config.encoder_attention_heads),
    )


_READERS: dict[str, Callable[[Any, int], Architecture]] = {
    "gpt_neox": _gpt_neox,
    "gpt2": _gpt2,
    "llama": _llama,
    "qwen2": _llama,
    "t5": _t5,
    "bart": _bart,
}
FAMILIES = tuple(_READERS)


def _rotary(embedding: Any, size: int, context_tokens: int) -> tuple[Rotary, Sequence[int]]:
    """Read a family's rotations, and how a head's values are put in pairs for them.

    A family may rotate the first r values of a head only, pairing i with i + r/2; the operator pairs i with i + size/2.
    So the values are put in another order, which the products of queries and keys don't notice, and the pairs that
    aren't rotated get the angle 0.
    """
    cosines, sines = (
        table[0, :, : table.shape[-1] // 2].float()
        for table in embedding(torch.zeros(1, 1, 1), torch.arange(context_tokens)[None])
    )
    rotated, half = cosines.shape[1], size // 2
    still = torch.zeros(context_tokens, half - rotated)
    rest = range(2 * rotated, size)
    pairing = [*range(rotated), *rest[: half - rotated], *range(rotated, 2 * rotated), *rest[half - rotated :]]
    return Rotary(torch.cat([cosines, still + 1], dim=1), torch.cat([sines, still], dim=1)), pairing


def _pair(affine: Affine, head_count: int, pairing: Sequence[int]) -> Affine:
    def reorder(values: Tensor) -> Tensor:
        by_head: Tensor = values.unflatten(0, (head_count, -1))
        return by_head[:, list(pairing)].flatten(0, 1)

    (reordered,) = _split(affine, lambda values: (reorder(values),))
    return reordered


def _split_by_head(joined: Affine, heads: Heads) -> tuple[Affine, ...]:
    """Split a projection whose outputs are, head by head, a query, a key and a value."""

    def by_part(values: Tensor) -> list[Tensor]:
        by_head: Tensor = values.unflatten(0, (heads.count, 3, heads.size))
        return [part.flatten(0, 1) for part in by_head.unbind(1)]

    return _split(joined, by_part)


def _split(affine: Affine, split: Callable[[Tensor], Sequence[Tensor]]) -> tuple[Affine, ...]:
    """Split a linear layer into parts of its outputs; `split` works on the first axis."""
    weights = split(affine.weight)
    biases = [None] * len(weights) if affine.bias is None else split(affine.bias)
    return tuple(Affine(*part, affine.inner) for part in zip(weights, biases, strict=True))


def _weight(module: Any) -> Tensor:
    weight: Tensor = module.weight
    return weight.detach().float()


def _affine(layer: Any) -> Affine:
    """Read a linear layer, whole or of low rank, whichever way it keeps its weight."""
    if isinstance(layer, FactoredLinear):
        inner, outer = layer
        return replace(_affine(outer), inner=_weight(inner))
    bias = None if layer.bias is None else layer.bias.detach().float()
    return Affine(matrix_of(layer).detach().float().contiguous(), bias)


def _norm(norm: Any) -> Norm:
    bias = getattr(norm, "bias", None)
    epsilon = norm.eps if hasattr(norm, "eps") else norm.variance_epsilon
    return Norm(_weight(norm), None if bias is None else bias.detach().float(), epsilon)
