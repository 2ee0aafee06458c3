"""Taking vocabulary rows, layers, attention heads and feed-forward neurons out of an encoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.compression.factored import FactoredLinear
from briefd_build.compression.structured import EncoderShape, prune_structure, shape_of
from briefd_build.compression.vocabulary import keep_vocabulary_rows, prune_vocabulary
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor
    from transformers import BertModel

    from briefd_build.pipeline.model import Model, Work

# Kernels work on blocks of 16 outputs; other widths are padded to the next multiple.
_NEURON_MULTIPLE = 16


@dataclass(frozen=True)
class PruneStructured:
    """What is left of an encoder; what is not given stays as it is.

    Attributes:
        layers: how many.
        heads: attention heads of each layer.
        feed_forward_width: neurons of each layer, a multiple of 16.
        layers_share, heads_share, feed_forward_share: the same three as shares of what the model has, above 0 and at
            most 1, for recipes that are for any model; rounded up.
        vocabulary: whether word pieces that the training texts do not need go.
        batches: of training data that importance is measured on.
    """

    layers: int | None = None
    heads: int | None = None
    feed_forward_width: int | None = None
    layers_share: float | None = None
    heads_share: float | None = None
    feed_forward_share: float | None = None
    vocabulary: bool = False
    batches: int = 24

    def __post_init__(self) -> None:
        counts = (self.layers, self.heads, self.feed_forward_width, self.batches)
        if min(count for count in counts if count is not None) < 1:
            raise ValueError("layers, heads, feed_forward_width and batches must be 1 or more")
        if (self.feed_forward_width or 0) % _NEURON_MULTIPLE:
            raise ValueError(f"feed_forward_width must be a multiple of {_NEURON_MULTIPLE}, as kernels work on them")
        for name in ("layers", "heads", "feed_forward"):
            self._check_share(f"{name}_share", name if name != "feed_forward" else "feed_forward_width")

    def _check_share(self, share_name: str, count_name: str) -> None:
        share = getattr(self, share_name)
        if share is not None and not 0 < share <= 1:
            raise ValueError(f"{share_name} must be above 0 and at most 1")
        if share is not None and getattr(self, count_name) is not None:
            raise ValueError(f"give {share_name} or {count_name}, not both")

    def apply(self, model: Model, work: Work) -> str:
        """Prune by importance that is measured on training data."""
        bert = work.kind.encoder(model)
        if bert is None:
            raise BuildError("structured pruning knows BERT-style encoders; leave it out for this model")
        before, rows = shape_of(bert), bert.embeddings.word_embeddings.num_embeddings
        if self.vocabulary:
            work.report("counting word pieces", 0.0)
            model.tokenizer, kept = prune_vocabulary(model.tokenizer, work.kind.texts())
            keep_vocabulary_rows(bert, kept)
        shape = self._shape(before)
        if shape != before and any(isinstance(module, FactoredLinear) for module in bert.modules()):
            raise BuildError("heads and neurons are taken out of whole layers; put prune-structured before low-rank")
        if shape != before:
            work.report("measuring importance", 0.0)
            prune_structure(bert, lambda: self._losses(model, work), shape)
        model.network.zero_grad(set_to_none=True)
        return _describe(before, shape, rows, bert)

    def _losses(self, model: Model, work: Work) -> Iterator[Tensor]:
        model.network.eval()
        return work.kind.losses(model, self.batches)

    def _shape(self, before: EncoderShape) -> EncoderShape:
        shape = EncoderShape(
            self.layers or _part(before.layers, self.layers_share),
            self.heads or _part(before.heads, self.heads_share),
            self.feed_forward_width
            or _part(before.feed_forward_width, self.feed_forward_share, multiple=_NEURON_MULTIPLE),
        )
        if shape.layers > before.layers or shape.heads > before.heads:
            raise BuildError(f"the model has {before.layers} layers of {before.heads} heads; ask for no more")
        if shape.feed_forward_width > before.feed_forward_width:
            raise BuildError(f"the model's layers have {before.feed_forward_width} neurons; ask for no more")
        return shape


def _part(count: int, share: float | None, multiple: int = 1) -> int:
    """Take a share of a count, rounded up to a multiple; all of it where there is no share."""
    return count if share is None else min(count, math.ceil(share * count / multiple) * multiple)


def _describe(before: EncoderShape, after: EncoderShape, rows: int, bert: BertModel) -> str:
    kept_rows = bert.embeddings.word_embeddings.num_embeddings
    return (
        f"kept {after.layers} of {before.layers} layers, {after.heads} of {before.heads} heads, "
        f"{after.feed_forward_width:,} of {before.feed_forward_width:,} neurons, {kept_rows:,} of {rows:,} word pieces"
    )
