"""Taking vocabulary rows, layers, attention heads and feed-forward neurons out of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.compression.anatomy import Shape
from briefd_build.compression.factored import FactoredLinear
from briefd_build.compression.structured import prune_structure
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from briefd_build.compression.anatomy import Anatomy
    from briefd_build.pipeline.model import Model, Work

# Kernels work on blocks of 16 outputs; other widths are padded to the next multiple.
_NEURON_MULTIPLE = 16


@dataclass(frozen=True)
class PruneStructured:
    """What is left of a network; what is not given stays as it is.

    Attributes:
        layers: how many.
        heads: attention heads of each layer; where several share keys and values, a multiple of so many.
        feed_forward_width: neurons of each layer, a multiple of 16.
        layers_share, heads_share, feed_forward_share: the same three as shares of what the model has, above 0 and at
            most 1, for recipes that are for any model; rounded up.
        vocabulary: whether tokens that the training texts do not need go.
        languages: whose commonest words' tokens stay with those of the training texts.
        batches: of training data that importance is measured on.
    """

    layers: int | None = None
    heads: int | None = None
    feed_forward_width: int | None = None
    layers_share: float | None = None
    heads_share: float | None = None
    feed_forward_share: float | None = None
    vocabulary: bool = False
    languages: tuple[str, ...] = ("en",)
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
        anatomy = work.kind.anatomy(model)
        if anatomy is None:
            raise BuildError(
                "structured pruning knows BERT-style encoders, GPT-NeoX, Llama and Qwen 2; leave it out for this model"
            )
        if any(isinstance(module, FactoredLinear) for module in anatomy.body.modules()):
            raise BuildError("structures are taken out of whole layers; put prune-structured before low-rank")
        before, rows = anatomy.shape, anatomy.row_count
        shape = self._shape(before, anatomy.heads_a_unit)
        if self.vocabulary:
            work.report("counting tokens", 0.0)
            model.tokenizer, kept = prune_vocabulary(model.tokenizer, work.kind.texts(model), self.languages)
            anatomy.keep_rows(kept)
        if shape != before:
            work.report("measuring importance", 0.0)
            prune_structure(anatomy, lambda: self._losses(model, work), shape)
        model.network.zero_grad(set_to_none=True)
        return _describe(before, rows, anatomy)

    def _losses(self, model: Model, work: Work) -> Iterator[Tensor]:
        model.network.eval()
        return work.kind.losses(model, self.batches)

    def _shape(self, before: Shape, heads_a_unit: int) -> Shape:
        shape = Shape(
            self.layers or _part(before.layers, self.layers_share),
            self.heads or _part(before.heads, self.heads_share, multiple=heads_a_unit),
            self.feed_forward_width
            or _part(before.feed_forward_width, self.feed_forward_share, multiple=_NEURON_MULTIPLE),
        )
        if shape.layers > before.layers or shape.heads > before.heads:
            raise BuildError(f"the model has {before.layers} layers of {before.heads} heads; ask for no more")
        if shape.heads % heads_a_unit:
            raise BuildError(f"the model's heads share keys and values; ask for a multiple of {heads_a_unit} heads")
        if shape.feed_forward_width > before.feed_forward_width:
            raise BuildError(f"the model's layers have {before.feed_forward_width} neurons; ask for no more")
        return shape


def _part(count: int, share: float | None, multiple: int = 1) -> int:
    """Take a share of a count, rounded up to a multiple; all of it where there is no share."""
    return count if share is None else min(count, math.ceil(share * count / multiple) * multiple)


def _describe(before: Shape, rows: int, anatomy: Anatomy) -> str:
    after = anatomy.shape
    return (
        f"kept {after.layers} of {before.layers} layers, {after.heads} of {before.heads} heads, "
        f"{after.feed_forward_width:,} of {before.feed_forward_width:,} neurons, "
        f"{anatomy.row_count:,} of {rows:,} tokens"
    )
