"""Learning what an editor keeps: one channel is fitted, all else stays as it is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
import torch
from tiny_corpus import VOCABULARY, sentence
from tiny_tokenizer import make_tokenizer

from briefd_build.corpora.compressions import align
from briefd_build.corpora.documents import Document
from briefd_build.encoder.keeping import collect_arcs, fit_keeping
from briefd_build.encoder.network import HeadSizes, MultiTaskEncoder
from briefd_server.engines.extractive.pieces import PieceEncoder

if TYPE_CHECKING:
    from briefd_build.base_model import BaseModel

RELATION_COUNT = 4


@pytest.fixture
def network(base: BaseModel) -> MultiTaskEncoder:
    torch.manual_seed(0)
    return MultiTaskEncoder(base.load_encoder(), RELATION_COUNT, HeadSizes()).eval()


def documents() -> list[Document]:
    """Make documents of two sentences, each with the subject, verb and object of one for a summary."""
    chance = random.Random(2)
    made = []
    for _ in range(30):
        text = sentence(chance)
        words = text.split()
        made.append(Document((text, sentence(chance)), (f"{words[2]} {words[3]} {words[5]}",)))
    return made


def test_the_channel_comes_to_tell_what_was_kept(network: MultiTaskEncoder) -> None:
    encoder = PieceEncoder(make_tokenizer(VOCABULARY))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit_keeping(network, encoder, documents())
    rows = RELATION_COUNT * network.sizes.relation_rank
    for name, value in network.state_dict().items():
        if name in {f"relation_{end}.3.{part}" for end in ("dependent", "head") for part in ("weight", "bias")}:
            assert torch.equal(value[:rows], before[name][:rows]), name
            assert not torch.equal(value[rows:], before[name][rows:]), name
        else:
            assert torch.equal(value, before[name]), name
    arcs = collect_arcs(network, encoder, align(documents()))
    factors = [
        scorer[-1](features)[:, rows:]
        for scorer, features in ((network.relation_dependent, arcs.dependents), (network.relation_head, arcs.heads))
    ]
    odds = (factors[0] * factors[1]).sum(-1)
    assert arcs.kept.mean() not in {0, 1}
    assert odds[arcs.kept > 0.5].mean() > odds[arcs.kept < 0.5].mean() + 1


def test_a_sentence_longer_than_a_window_teaches_nothing(network: MultiTaskEncoder) -> None:
    encoder = PieceEncoder(make_tokenizer(VOCABULARY))
    long = Document(("the old pump near the tank " * 60 + "stopped.",), ("The old pump stopped near the tank.",))
    assert len(list(align([long]))) == 1
    both = collect_arcs(network, encoder, [*align(documents()), *align([long])])
    assert len(both.kept) == len(collect_arcs(network, encoder, align(documents())).kept)
