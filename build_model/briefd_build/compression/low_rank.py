"""Linear layers as products of two thinner ones, by singular value decomposition.

Plain, the weight's own error is least; with the second moments of what a layer reads, the error of what it says is
(Wang et al. 2024, "SVD-LLM: Truncation-aware Singular Value Decomposition for Large Language Model Compression").
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from briefd_build.compression.factored import FactoredLinear, LinearLayer, matrix_of, put_module
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

# Added to every input's second moment, as a share of their mean: what the sample never showed is not free to change.
_DAMPING = 1e-3


@dataclass(frozen=True)
class Spectrum:
    """A layer's singular values, the largest first, and its sizes."""

    values: Sequence[float]
    inputs: int
    outputs: int

    @property
    def weights(self) -> int:
        """How many the whole layer has."""
        return self.inputs * self.outputs

    @property
    def weights_a_rank(self) -> int:
        """How many each rank of the factored layer takes."""
        return self.inputs + self.outputs

    @property
    def largest_saving_rank(self) -> int:
        """Highest rank at which the factored layer has fewer weights than the whole one; 0 where none has."""
        return (self.weights - 1) // self.weights_a_rank

    @cached_property
    def energies(self) -> list[float]:
        """Share of the squared singular values that each rank adds."""
        squares = [value * value for value in self.values]
        total = sum(squares) or 1.0
        return [square / total for square in squares]


class RankRule(Protocol):
    """Chooses the rank of every layer that is to be factored, given all candidates."""

    def choose(self, spectra: Mapping[str, Spectrum]) -> dict[str, int]:
        """Choose; a layer that is not named stays whole."""


@dataclass(frozen=True)
class SameRank:
    """The same rank for every layer."""

    rank: int
    only_if_smaller: bool = True

    def choose(self, spectra: Mapping[str, Spectrum]) -> dict[str, int]:
        """See `RankRule`."""
        ranks = {path: min(self.rank, len(each.values)) for path, each in spectra.items()}
        return _saving(ranks, spectra) if self.only_if_smaller else ranks


@dataclass(frozen=True)
class EnergyShare:
    """For every layer the lowest rank that keeps this share of the squared singular values, 0 to 1."""

    share: float
    only_if_smaller: bool = True

    def choose(self, spectra: Mapping[str, Spectrum]) -> dict[str, int]:
        """See `RankRule`."""
        ranks = {path: self._rank(each.energies) for path, each in spectra.items()}
        return _saving(ranks, spectra) if self.only_if_smaller else ranks

    def _rank(self, energies: Sequence[float]) -> int:
        kept = 0.0
        for rank, energy in enumerate(energies, start=1):
            kept += energy
            if kept >= self.share:
                return rank
        return len(energies)


@dataclass(frozen=True)
class Budget:
    """At most this many weights in all candidates together, spent where a weight keeps the most energy.

    Every layer begins at rank 1; then the rank, of whichever layer, is added whose share of its layer's energy is the
    largest for the weights it takes, until nothing fits. A layer that is given all its saving ranks may become whole.
    """

    weights: int

    def choose(self, spectra: Mapping[str, Spectrum]) -> dict[str, int]:
        """See `RankRule`.

        Raises:
            BuildError: the budget is too small for rank 1.
        """
        ranks = {path: min(1, each.largest_saving_rank) for path, each in spectra.items()}
        left = self.weights - sum(_weights(spectra[path], rank) for path, rank in ranks.items())
        if left < 0:
            raise BuildError(
                f"a budget of {self.weights:,} weights is too small; rank 1 needs {self.weights - left:,}: raise it"
            )
        steps = [_step(path, spectra[path], rank) for path, rank in ranks.items() if rank]
        heapq.heapify(steps)
        while steps:
            _, path, rank = heapq.heappop(steps)
            cost = _weights(spectra[path], rank) - _weights(spectra[path], ranks[path])
            if cost > left:
                continue
            left -= cost
            ranks[path] = rank
            if rank:
                heapq.heappush(steps, _step(path, spectra[path], rank))
        return {path: rank for path, rank in ranks.items() if rank}


def _step(path: str, spectrum: Spectrum, rank: int) -> tuple[float, str, int]:
    """Value of the next rank for the weights it takes, negated; rank 0 stands for the whole layer."""
    energies = spectrum.energies
    if rank < spectrum.largest_saving_rank:
        return -energies[rank] / spectrum.weights_a_rank, path, rank + 1
    cost = spectrum.weights - rank * spectrum.weights_a_rank
    return -sum(energies[rank:]) / cost, path, 0


def _weights(spectrum: Spectrum, rank: int) -> int:
    return rank * spectrum.weights_a_rank if rank else spectrum.weights


def _saving(ranks: Mapping[str, int], spectra: Mapping[str, Spectrum]) -> dict[str, int]:
    return {path: rank for path, rank in ranks.items() if rank <= spectra[path].largest_saving_rank}


@torch.no_grad()
def spectrum_of(layer: LinearLayer, moments: Tensor | None = None) -> Spectrum:
    """Decompose a layer, weighted by the second moments of its inputs where they are given."""
    matrix = matrix_of(layer).double()
    if moments is not None:
        matrix = matrix @ _root(moments)
    outputs, inputs = matrix.shape
    return Spectrum(torch.linalg.svdvals(matrix).tolist(), inputs, outputs)


@torch.no_grad()
def factor(layer: LinearLayer, rank: int, moments: Tensor | None = None) -> FactoredLinear:
    """Factor a layer at a rank, each half with the same share of the singular values."""
    matrix = matrix_of(layer).double()
    root = None if moments is None else _root(moments)
    left, values, right = torch.linalg.svd(matrix if root is None else matrix @ root, full_matrices=False)
    halves = values[:rank].sqrt()
    inner = halves[:, None] * right[:rank]
    if root is not None:
        inner = torch.linalg.solve(root, inner.t()).t()
    outputs, inputs = matrix.shape
    factored = FactoredLinear(inputs, rank, outputs, bias=layer.bias is not None).to(layer.weight.dtype)
    first, second = factored.halves
    first.weight.copy_(inner)
    second.weight.copy_(left[:, :rank] * halves)
    if layer.bias is not None:
        second.bias.copy_(layer.bias)
    return factored.train(layer.training)


def factor_layers(network: nn.Module, ranks: Mapping[str, int], moments: Mapping[str, Tensor]) -> None:
    """Factor layers, by path, in place; `moments` of their inputs are for those of which there are any."""
    for path, rank in ranks.items():
        layer = network.get_submodule(path)
        assert isinstance(layer, LinearLayer)
        put_module(network, path, factor(layer, rank, moments.get(path)))


def _root(moments: Tensor) -> Tensor:
    """Symmetric square root [inputs, inputs] of damped second moments."""
    damped = moments.double()
    damped = damped + _DAMPING * damped.diagonal().mean().clamp(min=1e-12) * torch.eye(len(damped), dtype=torch.float64)
    values, vectors = torch.linalg.eigh(damped)
    root: Tensor = (vectors * values.clamp(min=0).sqrt()) @ vectors.t()
    return root


@torch.no_grad()
def input_moments(layers: Mapping[str, LinearLayer], losses: Callable[[], Iterable[object]]) -> dict[str, Tensor]:
    """Measure mean x·xᵀ [inputs, inputs] of what each layer reads while losses are computed."""
    moments = {path: torch.zeros(matrix_of(layer).shape[1:] * 2) for path, layer in layers.items()}
    counts = dict.fromkeys(layers, 0)

    def watch(path: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        def add(_module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            rows = inputs[0].detach().flatten(0, -2).float().cpu()
            moments[path].addmm_(rows.t(), rows)
            counts[path] += len(rows)

        return add

    hooks = [layer.register_forward_pre_hook(watch(path)) for path, layer in layers.items()]
    try:
        for _ in losses():
            pass
    finally:
        for hook in hooks:
            hook.remove()
    return {path: total / counts[path] for path, total in moments.items() if counts[path]}


def largest(layers: Mapping[str, LinearLayer], count: int | None) -> Iterator[str]:
    """Name the layers of most weights, of equal ones the first in the network; all where no count is given."""
    ordered = sorted(layers, key=lambda path: -layers[path].weight.numel())
    yield from ordered[:count]
