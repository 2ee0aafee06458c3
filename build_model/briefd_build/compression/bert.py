"""What structured pruning takes out of a BERT-style encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from torch import nn

from briefd_build.compression.anatomy import Shape, keep_inputs, keep_outputs, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from transformers import BertModel
    from transformers.models.bert.modeling_bert import BertLayer


class Bert:
    """See `Anatomy`."""

    heads_a_unit = 1

    def __init__(self, body: BertModel) -> None:
        self.body = body

    @property
    def shape(self) -> Shape:
        """See `Anatomy`."""
        heads = encoder_layers(self.body)[0].attention.self.num_attention_heads
        return Shape(self.body.config.num_hidden_layers, heads, self.body.config.intermediate_size)

    @property
    def row_count(self) -> int:
        """See `Anatomy`."""
        return int(self.body.embeddings.word_embeddings.num_embeddings)

    @property
    def layers(self) -> list[nn.Module]:
        """See `Anatomy`."""
        return list(self.body.encoder.layer)

    def set_layers(self, layers: Sequence[nn.Module]) -> None:
        """See `Anatomy`."""
        self.body.encoder.layer = nn.ModuleList(layers)
        self.body.config.num_hidden_layers = len(layers)

    def projections(self, layer: nn.Module) -> list[nn.Module]:
        """See `Anatomy`."""
        attention = cast("BertLayer", layer).attention.self
        return [attention.query, attention.key, attention.value]

    def head_reader(self, layer: nn.Module) -> nn.Linear:
        """See `Anatomy`."""
        return cast("BertLayer", layer).attention.output.dense

    def neuron_reader(self, layer: nn.Module) -> nn.Linear:
        """See `Anatomy`."""
        return cast("BertLayer", layer).output.dense

    def keep_heads(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`; the configuration goes on telling how wide a head is."""
        for layer, heads in zip(encoder_layers(self.body), kept, strict=True):
            attention, output = layer.attention.self, layer.attention.output
            values = spread(heads, attention.attention_head_size)
            for name in ("query", "key", "value"):
                setattr(attention, name, keep_outputs(getattr(attention, name), values))
            output.dense = keep_inputs(output.dense, values)
            attention.num_attention_heads, attention.all_head_size = len(heads), len(values)

    def keep_neurons(self, kept: Sequence[Tensor]) -> None:
        """See `Anatomy`."""
        for layer, neurons in zip(encoder_layers(self.body), kept, strict=True):
            layer.intermediate.dense = keep_outputs(layer.intermediate.dense, neurons)
            layer.output.dense = keep_inputs(layer.output.dense, neurons)
        self.body.config.intermediate_size = len(kept[0])

    def keep_rows(self, kept: Sequence[int]) -> None:
        """See `Anatomy`; padding is row 0 and stays that."""
        embeddings = self.body.embeddings
        rows = embeddings.word_embeddings.weight.detach()[list(kept)].clone()
        embeddings.word_embeddings = nn.Embedding(len(kept), rows.shape[1], padding_idx=0, _weight=rows)
        self.body.config.vocab_size = len(kept)


def encoder_layers(bert: BertModel) -> list[BertLayer]:
    """List the layers, the first one first."""
    return cast("list[BertLayer]", list(bert.encoder.layer))
