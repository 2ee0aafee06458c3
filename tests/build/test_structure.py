"""What surgery a network has had is told as JSON, and done again on a fresh one, whose weights then fit."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from briefd_build.compression.anatomy import Shape
from briefd_build.compression.bert import Bert
from briefd_build.compression.factored import FactoredLinear, put_module
from briefd_build.compression.structure import describe, rebuild
from briefd_build.compression.structured import reshape
from briefd_build.errors import BuildError


class Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel(
            BertConfig(vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=48),
            add_pooling_layer=False,
        )
        self.output = nn.Linear(32, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.output(self.bert(ids).last_hidden_state[:, 0])


def operated() -> Classifier:
    torch.manual_seed(0)
    network = Classifier().eval()
    Bert(network.bert).keep_rows([0, 3, *range(10, 40)])
    reshape(Bert(network.bert), Shape(layers=2, heads=3, feed_forward_width=40))
    put_module(network, "bert.encoder.layer.1.attention.self.query", FactoredLinear(32, 5, 24))
    put_module(network, "output", FactoredLinear(32, 1, 2))
    return network


def test_a_network_that_had_every_surgery_comes_back_with_its_weights() -> None:
    network, again = operated(), Classifier().eval()
    rebuild(again, Bert(again.bert), json.loads(json.dumps(describe(network, Bert(network.bert)))))
    again.load_state_dict(network.state_dict())
    ids = torch.arange(1, 21).reshape(2, 10)
    assert torch.equal(again(ids), network(ids))
    assert describe(again, Bert(again.bert)) == describe(network, Bert(network.bert))


def test_a_network_that_had_none_stays_as_it_is() -> None:
    network, again = Classifier(), Classifier()
    rebuild(again, Bert(again.bert), describe(network, Bert(network.bert)))
    again.load_state_dict(network.state_dict())
    assert describe(again, Bert(again.bert))["factored"] == {}


def test_a_network_without_an_encoder_tells_its_factored_layers() -> None:
    network = nn.Sequential(nn.Linear(8, 8), FactoredLinear(8, 2, 4))
    assert describe(network, None) == {"shape": None, "vocabulary": None, "factored": {"1": 2}}
    again = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 4))
    rebuild(again, None, describe(network, None))
    again.load_state_dict(network.state_dict())


@pytest.mark.parametrize(
    "change",
    [
        {"factored": {"bert.nothing.there": 2}},
        {"factored": {"bert": 2}},
        {"shape": {"layers": 4, "heads": 4, "feed_forward_width": 48}},
        {"shape": {"layers": 3, "heads": 9, "feed_forward_width": 48}},
        {"vocabulary": 51},
    ],
)
def test_another_networks_description_is_refused(change: dict[str, object]) -> None:
    network = Classifier()
    with pytest.raises(BuildError, match="start the run anew"):
        rebuild(network, Bert(network.bert), {**describe(network, Bert(network.bert)), **change})
