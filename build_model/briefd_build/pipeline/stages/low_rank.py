"""Factoring linear layers into two thinner ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.compression.layers import whole_linear_layers
from briefd_build.compression.low_rank import (
    Budget,
    EnergyShare,
    RankRule,
    SameRank,
    factor_layers,
    input_moments,
    largest,
    spectrum_of,
)
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from briefd_build.compression.factored import LinearLayer
    from briefd_build.compression.low_rank import Spectrum
    from briefd_build.pipeline.model import Model, Work

_WEIGHT_BYTES = 4


@dataclass(frozen=True)
class LowRank:
    """Which layers are factored, and at what rank: by exactly one of `rank`, `energy`, `budget_share`, `budget_bytes`.

    Attributes:
        layers: the largest ones, how many; None: all.
        rank: of every layer.
        energy: share of the squared singular values that every layer keeps, above 0 and at most 1.
        budget_share: share of these layers' weights that they may have afterwards, between 0 and 1.
        budget_bytes: what these layers' weights may take afterwards, in float32.
        only_if_smaller: whether a layer stays whole that would not get smaller.
        batches: of training data that inputs are measured on, so that what layers say changes least; 0: what their
            weights are changes least.
        leave: patterns of layers that stay whole: `embed_out`, `*.pooler.*`.
    """

    layers: int | None = None
    rank: int | None = None
    energy: float | None = None
    budget_share: float | None = None
    budget_bytes: int | None = None
    only_if_smaller: bool = True
    batches: int = 0
    leave: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rules = [self.rank, self.energy, self.budget_share, self.budget_bytes]
        if sum(rule is not None for rule in rules) != 1:
            raise ValueError("give one of rank, energy, budget_share and budget_bytes, such as rank = 32")
        if any(count is not None and count < 1 for count in (self.layers, self.rank, self.budget_bytes)):
            raise ValueError("layers, rank and budget_bytes must be 1 or more")
        if self.energy is not None and not 0 < self.energy <= 1:
            raise ValueError("energy must be above 0 and at most 1, such as 0.9")
        if self.budget_share is not None and not 0 < self.budget_share < 1:
            raise ValueError("budget_share must be above 0 and below 1, such as 0.5")
        if self.batches < 0:
            raise ValueError("batches must be 0 or more")
        if not self.only_if_smaller and self.rank is None and self.energy is None:
            raise ValueError("only_if_smaller = false goes with rank or energy: a budget only ever makes smaller")

    def apply(self, model: Model, work: Work) -> str:
        """Decompose, choose ranks, and put the factored layers in place."""
        layers = self._candidates(model, work)
        moments = self._moments(model, work, layers)
        spectra = {}
        for number, (path, layer) in enumerate(layers.items()):
            work.report("decomposing", number / len(layers))
            spectra[path] = spectrum_of(layer, moments.get(path))
        weights = sum(each.weights for each in spectra.values())
        ranks = self._rule(weights).choose(spectra)
        factor_layers(model.network, ranks, moments)
        return _describe(ranks, spectra)

    def _candidates(self, model: Model, work: Work) -> dict[str, LinearLayer]:
        """List layers of the anatomy's body where there is one: a task's small heads are read by their kind."""
        anatomy = work.kind.anatomy(model)
        part = model.network if anatomy is None else anatomy.body
        prefix = next(f"{path}." if path else "" for path, each in model.network.named_modules() if each is part)
        layers = {
            path: layer
            for path, layer in whole_linear_layers(model.network, leave=self.leave).items()
            if path.startswith(prefix)
        }
        if not layers:
            raise BuildError("low-rank: there are no linear layers to factor; leave fewer out")
        return {path: layers[path] for path in largest(layers, self.layers)}

    def _moments(self, model: Model, work: Work, layers: Mapping[str, LinearLayer]) -> dict[str, Tensor]:
        if self.batches == 0:
            return {}
        work.report("measuring inputs", 0.0)
        model.network.eval()
        return input_moments(layers, lambda: work.kind.losses(model, self.batches))

    def _rule(self, weights: int) -> RankRule:
        if self.rank is not None:
            return SameRank(self.rank, self.only_if_smaller)
        if self.energy is not None:
            return EnergyShare(self.energy, self.only_if_smaller)
        if self.budget_share is not None:
            return Budget(int(self.budget_share * weights))
        assert self.budget_bytes is not None
        return Budget(self.budget_bytes // _WEIGHT_BYTES)


def _describe(ranks: Mapping[str, int], spectra: Mapping[str, Spectrum]) -> str:
    if not ranks:
        return f"factored none of {len(spectra)} layers: none would get smaller"
    before = sum(each.weights for each in spectra.values())
    after = sum(ranks[path] * each.weights_a_rank if path in ranks else each.weights for path, each in spectra.items())
    kept = sum(sum(spectra[path].energies[:rank]) for path, rank in ranks.items()) / len(ranks)
    lowest, highest = min(ranks.values()), max(ranks.values())
    at = f"rank {lowest}" if lowest == highest else f"ranks {lowest} to {highest}"
    return (
        f"factored {len(ranks)} of {len(spectra)} layers at {at}, {before:,} to {after:,} weights, "
        f"{100 * kept:.1f} % of their energy kept on average"
    )
