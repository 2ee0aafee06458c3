"""Setting the smallest weights of linear layers to zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.compression.unstructured import Scope, prune_smallest

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work


@dataclass(frozen=True)
class PruneUnstructured:
    """How many weights go, and which are compared with each other.

    Attributes:
        share: of the weights, between 0 and 1.
        scope: `global`: the smallest of all layers' go; `layer`: this share of every layer's.
        embeddings: whether embeddings are pruned too.
        leave: patterns of layers that stay as they are: `embed_out`, `*.pooler.*`.
    """

    share: float
    scope: Scope = "global"
    embeddings: bool = False
    leave: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise ValueError("share must be above 0 and below 1, such as 0.1 for a tenth of the weights")

    def apply(self, model: Model, work: Work) -> str:
        """Prune by magnitude, for good."""
        work.report("pruning", 0.0)
        pruned = prune_smallest(
            model.network, self.share, self.scope, leave=self.leave, with_embeddings=self.embeddings
        )
        return (
            f"set {pruned.zeros:,} of {pruned.weights:,} weights in {pruned.layers} layers to 0, "
            f"the smallest {'of all' if self.scope == 'global' else 'of each'}"
        )
