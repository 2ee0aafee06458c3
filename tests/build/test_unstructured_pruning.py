"""Magnitude pruning: exactly the asked share is zero, the smallest, always the same ones; what is tied stays."""

from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from briefd_build.compression.unstructured import prune_smallest
from briefd_build.errors import BuildError


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(10, 6)
        self.norm = nn.LayerNorm(6)
        self.small, self.large = nn.Linear(6, 8), nn.Linear(8, 6)
        self.output = nn.Linear(6, 10, bias=False)
        self.large.weight.data *= 10


def zeros(layer: nn.Linear | nn.Embedding) -> int:
    return int((layer.weight == 0).sum())


@given(st.floats(0.0, 1.0), st.booleans())
def test_the_asked_share_is_zero(share: float, by_layer: bool) -> None:
    network = Network()
    before = copy.deepcopy(network)
    pruned = prune_smallest(network, share, "layer" if by_layer else "global")
    layers = [network.small, network.large, network.output]
    if by_layer:
        assert [zeros(layer) for layer in layers] == [round(share * layer.weight.numel()) for layer in layers]
    assert pruned.zeros == sum(map(zeros, layers))
    assert pruned.weights == 48 + 48 + 60
    assert pruned.layers == 3
    if not by_layer:
        assert pruned.zeros == round(share * pruned.weights)
    for mine, theirs in zip(network.parameters(), before.parameters(), strict=True):
        assert torch.equal(mine[mine != 0], theirs[mine != 0])


def test_the_smallest_of_all_go_wherever_they_are() -> None:
    network = Network()
    prune_smallest(network, 0.3, "global")
    assert zeros(network.large) < zeros(network.small)
    left = torch.cat([layer.weight.flatten() for layer in (network.small, network.large, network.output)])
    assert left[left != 0].abs().min() > 0.03


def test_of_equal_weights_the_first_go() -> None:
    network = nn.Sequential(nn.Linear(4, 2, bias=False), nn.Linear(2, 4, bias=False))
    for layer in network:
        nn.init.constant_(layer.weight, -0.5)
    network[0].weight.data[0, 0] = 0.1
    prune_smallest(network, 5 / 16, "global")
    assert network[0].weight.flatten().tolist() == [0, 0, 0, 0, 0, -0.5, -0.5, -0.5]
    assert network[1].weight.flatten().tolist() == [-0.5] * 8


def test_biases_norms_and_embeddings_stay_unless_embeddings_are_asked_for() -> None:
    network = Network()
    nn.init.constant_(network.small.bias, 1e-9)
    before = {name: each.clone() for name, each in network.state_dict().items()}
    prune_smallest(network, 0.9, "global")
    for name, each in network.state_dict().items():
        if "bias" in name or "norm" in name or "embedding" in name:
            assert torch.equal(each, before[name])
    prune_smallest(network, 0.5, "layer", with_embeddings=True)
    assert zeros(network.embedding) == 30


def test_an_output_layer_that_is_the_embedding_stays() -> None:
    network = Network()
    network.output.weight = network.embedding.weight
    pruned = prune_smallest(network, 0.5, "layer", with_embeddings=True)
    assert pruned == (48, 96, 2)
    assert zeros(network.embedding) == 0


def test_zeros_survive_saving_and_there_must_be_something_to_prune() -> None:
    network = Network()
    prune_smallest(network, 0.5, "layer", leave=("out*",))
    again = Network()
    again.load_state_dict(network.state_dict())
    assert (zeros(again.small), zeros(again.large), zeros(again.output)) == (24, 24, 0)
    with pytest.raises(BuildError, match="leave fewer out"):
        prune_smallest(network, 0.5, "layer", leave=("*",))
