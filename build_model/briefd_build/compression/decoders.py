"""What structured pruning takes out of language models: GPT-NeoX, and Llama and its like.

Configurations go on telling how many heads there were, since the width of a head is told, or checked, by it: how many
there are is told by the layers.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from briefd_build.compression.anatomy import Shape, keep_inputs, keep_outputs, spread
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.compression.anatomy import Anatomy


class _Decoder:
    """What the families have in common; `stack` is the part that has the list `layers`."""

    def __init__(self, body: Any, stack: Any) -> None:
        self.body = body
        self._stack, self._config = stack, body.config

    @property
    def row_count(self) -> int:
        """See `Anatomy`."""
        return int(self.body.get_input_embeddings().num_embeddings)

    @property
    def layers(self) -> list[nn.Module]:
        """See `Anatomy`."""
        return list(self._stack.layers)

    def set_layers(self, layers: Sequence[nn.Module]) -> None:
        """See `Anatomy`; layers find their keys and values in the cache by their number."""
        self._stack.layers = nn.ModuleList(layers)
        self._config.num_hidden_layers = len(layers)
        if getattr(self._config, "layer_types", None):
            # All alike: see `find_anatomy`.
            self._config.layer_types = self._config.layer_types[:1] * len(layers)
        for number, layer in enumerate(layers):
            for module in layer.modules():
                if hasattr(module, "layer_idx"):
                    module.layer_idx = number  # type: ignore[assignment]  # no parameter

    def keep_rows(self, kept: Sequence[int]) -> None:
        """See `Anatomy`; numbers of tokens in the configuration follow."""
        network, rows = self.body, torch.tensor(list(kept))
        embedding = nn.Embedding.from_pretrained(network.get_input_embeddings().weight.detach()[rows], freeze=False)
        output = keep_outputs(network.get_output_embeddings(), rows)
        if self._config.tie_word_embeddings:
            output.weight = embedding.weight
        network.set_input_embeddings(embedding)
        network.set_output_embeddings(output)
        self._config.vocab_size = len(kept)
        new_ids = {old: new for new, old in enumerate(kept)}
        for settings in (self._config, network.generation_config):
            _renumber(settings, new_ids)


class GptNeoX(_Decoder):
    """See `Anatomy`."""

    heads_a_unit = 1

    def __init__(self, body: Any) -> None:
        super().__init__(body, body.gpt_neox)

    @property
    def shape(self) -> Shape:
        """See `Anatomy`."""
        attention = self._stack.layers[0].attention
        heads = attention.query_key_value.out_features // (3 * attention.head_size)
        return Shape(self._config.num_hidden_layers, heads, self._config.intermediate_size)

    def projections(self, layer: Any) -> list[nn.Module]:
        """See `Anatomy`."""
        return [layer.attention.query_key_value]

    def head_reader(self, layer: Any) -> nn.Linear:
        """See `Anatomy`."""
        reader: nn.Linear = layer.attention.dense
        return reader

    def neuron_reader(self, layer: Any) -> nn.Linear:
        """See `Anatomy`."""
        reader: nn.Linear = layer.mlp.dense_4h_to_h
        return reader

    def keep_heads(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`; outputs are, head by head, a query, a key and a value."""
        for layer, heads in zip(self._stack.layers, kept, strict=True):
            attention = layer.attention
            size = attention.head_size
            attention.query_key_value = keep_outputs(attention.query_key_value, spread(heads, 3 * size))
            attention.dense = keep_inputs(attention.dense, spread(heads, size))

    def keep_neurons(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`."""
        for layer, neurons in zip(self._stack.layers, kept, strict=True):
            layer.mlp.dense_h_to_4h = keep_outputs(layer.mlp.dense_h_to_4h, neurons)
            layer.mlp.dense_4h_to_h = keep_inputs(layer.mlp.dense_4h_to_h, neurons)
        self._config.intermediate_size = len(kept[0])


class Llama(_Decoder):
    """See `Anatomy`; heads go with the keys and values that they share, which a configuration tells how many do."""

    def __init__(self, body: Any) -> None:
        super().__init__(body, body.model)

    @property
    def heads_a_unit(self) -> int:
        """See `Anatomy`."""
        return int(self._config.num_attention_heads // self._config.num_key_value_heads)

    @property
    def shape(self) -> Shape:
        """See `Anatomy`."""
        attention = self._stack.layers[0].self_attn
        heads = attention.q_proj.out_features // attention.head_dim
        return Shape(self._config.num_hidden_layers, heads, self._config.intermediate_size)

    def projections(self, layer: Any) -> list[nn.Module]:
        """See `Anatomy`."""
        attention = layer.self_attn
        return [attention.q_proj, attention.k_proj, attention.v_proj]

    def head_reader(self, layer: Any) -> nn.Linear:
        """See `Anatomy`."""
        reader: nn.Linear = layer.self_attn.o_proj
        return reader

    def neuron_reader(self, layer: Any) -> nn.Linear:
        """See `Anatomy`."""
        reader: nn.Linear = layer.mlp.down_proj
        return reader

    def keep_heads(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`."""
        unit = self.heads_a_unit
        for layer, heads in zip(self._stack.layers, kept, strict=True):
            attention = layer.self_attn
            values, shared = (spread(each, attention.head_dim) for each in (heads, heads[::unit] // unit))
            attention.q_proj = keep_outputs(attention.q_proj, values)
            attention.k_proj = keep_outputs(attention.k_proj, shared)
            attention.v_proj = keep_outputs(attention.v_proj, shared)
            attention.o_proj = keep_inputs(attention.o_proj, values)

    def keep_neurons(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`."""
        for layer, neurons in zip(self._stack.layers, kept, strict=True):
            layer.mlp.gate_proj = keep_outputs(layer.mlp.gate_proj, neurons)
            layer.mlp.up_proj = keep_outputs(layer.mlp.up_proj, neurons)
            layer.mlp.down_proj = keep_inputs(layer.mlp.down_proj, neurons)
        self._config.intermediate_size = len(kept[0])


_ANATOMIES: dict[str, Callable[[Any], Anatomy]] = {"gpt_neox": GptNeoX, "llama": Llama, "qwen2": Llama}


def find_anatomy(network: PreTrainedModel) -> Anatomy | None:
    """Tell the anatomy of a language model; None where its family, or attention in a window, is not known here."""
    anatomy = _ANATOMIES.get(network.config.model_type)
    if anatomy is None or getattr(network.config, "use_sliding_window", False):
        return None
    return anatomy(network)


def known_anatomy(network: PreTrainedModel) -> Anatomy:
    """Tell the anatomy of a language model; raises `BuildError` where its family is not known here."""
    anatomy = find_anatomy(network)
    if anatomy is None:
        raise BuildError(
            f"the insides of {network.config.model_type} models are not known, only those of {', '.join(_ANATOMIES)}; "
            "leave attention out"
        )
    return anatomy


def _renumber(settings: Any, new_ids: dict[int, int]) -> None:
    """Give tokens their new numbers in a configuration; those that are gone are named no more."""
    for name, old in settings.to_dict().items():
        if name.endswith("_token_id") and old is not None:
            found = [new_ids[each] for each in chain(old if isinstance(old, list) else [old]) if each in new_ids]
            setattr(settings, name, (found or None) if isinstance(old, list) else next(iter(found), None))
