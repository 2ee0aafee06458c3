"""Low rank: ranks follow the rules, nothing ever gets bigger by them, and factored layers say nearly the same."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from transformers.pytorch_utils import Conv1D

from briefd_build.compression.factored import FactoredLinear
from briefd_build.compression.layers import untied_layers, whole_linear_layers
from briefd_build.compression.low_rank import (
    Budget,
    EnergyShare,
    SameRank,
    Spectrum,
    factor,
    factor_layers,
    input_moments,
    largest,
    spectrum_of,
)
from briefd_build.errors import BuildError


@st.composite
def spectra(draw: st.DrawFn) -> dict[str, Spectrum]:
    found = {}
    for number in range(draw(st.integers(1, 4))):
        inputs, outputs = draw(st.integers(1, 40)), draw(st.integers(1, 40))
        size = min(inputs, outputs)
        values = draw(st.lists(st.floats(0, 100), min_size=size, max_size=size))
        found[f"layer{number}"] = Spectrum(sorted(values, reverse=True), inputs, outputs)
    return found


def weights_after(found: dict[str, Spectrum], ranks: dict[str, int]) -> int:
    return sum(
        ranks[path] * (each.inputs + each.outputs) if path in ranks else each.weights for path, each in found.items()
    )


@given(spectra(), st.integers(1, 50))
def test_one_rank_for_all_never_makes_a_layer_bigger(found: dict[str, Spectrum], rank: int) -> None:
    ranks = SameRank(rank).choose(found)
    for path, chosen in ranks.items():
        assert chosen * (found[path].inputs + found[path].outputs) < found[path].weights
    assert all(path in ranks for path, each in found.items() if rank * (each.inputs + each.outputs) < each.weights)


@given(spectra(), st.floats(0.01, 1))
def test_energy_is_reached_with_the_lowest_rank(found: dict[str, Spectrum], share: float) -> None:
    for path, rank in EnergyShare(share, only_if_smaller=False).choose(found).items():
        energies = found[path].energies
        assert sum(energies[:rank]) >= share - 1e-9 or rank == len(energies)
        assert sum(energies[: rank - 1]) < share + 1e-9
    assert weights_after(found, EnergyShare(share).choose(found)) <= sum(each.weights for each in found.values())


@settings(max_examples=300)
@given(spectra(), st.floats(0.05, 1))
def test_a_budget_is_kept_or_refused(found: dict[str, Spectrum], share: float) -> None:
    allowed = int(share * sum(each.weights for each in found.values()))
    if weights_after(found, {path: 1 for path, each in found.items() if each.largest_saving_rank}) > allowed:
        with pytest.raises(BuildError, match="rank 1 needs"):
            Budget(allowed).choose(found)
        return
    ranks = Budget(allowed).choose(found)
    assert weights_after(found, ranks) <= allowed
    assert all(1 <= rank <= found[path].largest_saving_rank for path, rank in ranks.items())


def test_a_budget_goes_where_it_keeps_most() -> None:
    found = {"flat": Spectrum([1.0] * 10, 10, 10), "steep": Spectrum([9.0, 4.0, *[0.01] * 8], 10, 10)}
    assert Budget(100).choose(found) == {"flat": 3, "steep": 2}
    assert Budget(200).choose(found) == {}


def test_known_recipe_six_largest_at_rank_32_makes_each_of_them_smaller() -> None:
    """Pythia-70m: the output layer and the first five of the feed-forward's."""
    shapes = {"embed_out": (512, 50304), "narrow": (2048, 512), "widen": (512, 2048), "attention": (512, 1536)}
    found = {path: Spectrum([1.0] * 512, *shape) for path, shape in shapes.items()}
    assert SameRank(32).choose(found) == dict.fromkeys(shapes, 32)


def low_rank_linear(rank: int, kind: type = nn.Linear) -> nn.Linear | Conv1D:
    torch.manual_seed(0)
    layer = nn.Linear(24, 36) if kind is nn.Linear else Conv1D(36, 24)
    matrix = torch.randn(36, rank) @ torch.randn(rank, 24)
    layer.weight.data = matrix if kind is nn.Linear else matrix.t().contiguous()
    nn.init.normal_(layer.bias)
    return layer


@pytest.mark.parametrize("kind", [nn.Linear, Conv1D])
def test_a_layer_of_low_rank_loses_nothing(kind: type) -> None:
    layer, inputs = low_rank_linear(5, kind), torch.randn(3, 7, 24)
    factored = factor(layer, 5)
    torch.testing.assert_close(factored(inputs), layer(inputs), atol=1e-4, rtol=1e-4)
    assert sum(each.numel() for each in factored.parameters()) == 5 * (24 + 36) + 36
    assert spectrum_of(layer).energies[5] < 1e-9


def test_layers_without_bias_stay_without() -> None:
    factored = factor(nn.Linear(8, 6, bias=False), 2)
    assert factored.halves[1].bias is None


def test_knowing_the_inputs_keeps_the_outputs_closer() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(32, 32)
    network = nn.Sequential(layer)
    inputs = torch.randn(500, 32) @ torch.diag(torch.logspace(0, -2, 32)) @ torch.randn(32, 32)

    def losses() -> list[torch.Tensor]:
        return [network(inputs[start : start + 100].reshape(10, 10, 32)) for start in range(0, 500, 100)]

    moments = input_moments({"0": layer}, losses)
    torch.testing.assert_close(moments["0"], inputs.t() @ inputs / 500, atol=1e-3, rtol=1e-3)
    plain, aware = factor(layer, 6), factor(layer, 6, moments["0"])
    expected = layer(inputs)
    assert (aware(inputs) - expected).square().mean() < 0.5 * (plain(inputs) - expected).square().mean()


def test_at_full_rank_the_inputs_do_not_matter() -> None:
    torch.manual_seed(0)
    layer, rows = nn.Linear(12, 9), torch.randn(50, 12) * torch.logspace(0, -4, 12)
    factored = factor(layer, 9, rows.t() @ rows / 50)
    torch.testing.assert_close(factored(rows), layer(rows), atol=1e-3, rtol=1e-3)


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.middle = nn.Linear(8, 8)
        self.wide = nn.Linear(8, 16)
        self.output = nn.Linear(8, 20, bias=False)
        self.output.weight = self.embedding.weight


def test_tied_layers_and_those_left_out_are_no_candidates() -> None:
    network = Tied()
    assert list(untied_layers(network, with_embeddings=True)) == ["middle", "wide"]
    assert list(whole_linear_layers(network, leave=("w*",))) == ["middle"]
    factor_layers(network, {"wide": 2}, {})
    assert isinstance(network.wide, FactoredLinear)
    assert list(whole_linear_layers(network)) == ["middle"]
    assert list(untied_layers(network)) == ["middle", "wide.0", "wide.1"]


def test_the_largest_come_first_and_of_equal_ones_the_first() -> None:
    layers = {"a": nn.Linear(4, 4), "b": nn.Linear(8, 4), "c": nn.Linear(4, 8)}
    assert list(largest(layers, 2)) == ["b", "c"]
    assert list(largest(layers, None)) == ["b", "c", "a"]
