"""Pruning: what is taken out is really gone, and what stays says what it said before."""

from __future__ import annotations

import copy
import random
from typing import TYPE_CHECKING

import pytest
import torch
from tiny_corpus import VOCABULARY, sentence
from tiny_tokenizer import make_tokenizer

from briefd_build.base_model import BaseModel
from briefd_build.compression.anatomy import Shape
from briefd_build.compression.bert import Bert, encoder_layers
from briefd_build.compression.structured import (
    prune_feed_forward,
    prune_heads,
    prune_layers,
    prune_structure,
    reshape,
)
from briefd_build.compression.vocabulary import prune_vocabulary
from briefd_build.corpora.documents import Document
from briefd_build.encoder.batches import Batch, encode_document, examples_of, make_batches
from briefd_build.encoder.losses import task_loss
from briefd_build.encoder.network import HeadSizes, MultiTaskEncoder, Reading
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RELATIONS = ["det", "root"]


@pytest.fixture
def network(base: BaseModel) -> MultiTaskEncoder:
    torch.manual_seed(0)
    return MultiTaskEncoder(base.load_encoder(), len(RELATIONS), HeadSizes()).eval()


def batches() -> list[Batch]:
    chance = random.Random(0)
    encoder = PieceEncoder(make_tokenizer(VOCABULARY))
    document = Document(tuple(sentence(chance) for _ in range(8)), ("The old pump.",), prominence=(0.5,) * 8)
    encoded = encode_document(document, encoder, RELATIONS)
    return make_batches(examples_of(encoded, encoded, (encoder, encoder), 64), 200, chance)


@torch.no_grad()
def read(network: MultiTaskEncoder, batch: Batch) -> Reading:
    return network(batch.piece_ids, batch.word_starts)


def assert_same(ours: Reading, theirs: Reading) -> None:
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, atol=1e-5, rtol=1e-4)


def losses_of(network: MultiTaskEncoder) -> Callable[[], Iterator[torch.Tensor]]:
    def losses() -> Iterator[torch.Tensor]:
        for batch in batches():
            yield task_loss(network(batch.piece_ids, batch.word_starts), batch)

    return losses


def test_keeping_everything_changes_nothing(network: MultiTaskEncoder) -> None:
    pruned = copy.deepcopy(network)
    prune_structure(Bert(pruned.bert), losses_of(pruned), Bert(network.bert).shape)
    for batch in batches():
        assert_same(read(pruned, batch), read(network, batch))


def test_neurons_that_nothing_listens_to_go_first(network: MultiTaskEncoder) -> None:
    for number, layer in enumerate(encoder_layers(network.bert)):
        with torch.no_grad():
            layer.output.dense.weight[:, number::2] = 0
    pruned = copy.deepcopy(network)
    prune_feed_forward(Bert(pruned.bert), losses_of(pruned), 32)
    for number, layer in enumerate(encoder_layers(pruned.bert)):
        assert layer.intermediate.dense.weight.shape == (32, 32)
        assert layer.output.dense.weight.shape == (32, 32)
        kept = encoder_layers(network.bert)[number].output.dense.weight[:, 1 - number :: 2]
        torch.testing.assert_close(layer.output.dense.weight, kept)
    assert Bert(pruned.bert).shape.feed_forward_width == 32
    for batch in batches():
        assert_same(read(pruned, batch), read(network, batch))


def test_heads_that_nothing_listens_to_go_first(network: MultiTaskEncoder) -> None:
    size = encoder_layers(network.bert)[0].attention.self.attention_head_size
    for layer in encoder_layers(network.bert):
        with torch.no_grad():
            layer.attention.output.dense.weight[:, :size] = 0
    pruned = copy.deepcopy(network)
    heads = Bert(network.bert).shape.heads - 1
    prune_heads(Bert(pruned.bert), losses_of(pruned), heads)
    assert Bert(pruned.bert).shape.heads == heads
    for layer in encoder_layers(pruned.bert):
        assert layer.attention.self.query.weight.shape == (heads * size, 32)
    for batch in batches():
        assert_same(read(pruned, batch), read(network, batch))


def test_the_layer_that_does_nothing_goes_first(network: MultiTaskEncoder) -> None:
    class Idle(torch.nn.Module):
        def forward(self, states: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
            return states

    idle = copy.deepcopy(network)
    layers = encoder_layers(idle.bert)
    idle.bert.encoder.layer = torch.nn.ModuleList([layers[0], Idle(), *layers[1:]])
    assert prune_layers(Bert(idle.bert), losses_of(idle), len(layers)) == [0, *range(2, len(layers) + 1)]
    for batch in batches():
        assert_same(read(idle, batch), read(network, batch))


def test_weights_of_a_pruned_network_load_into_a_reshaped_one(network: MultiTaskEncoder, base: BaseModel) -> None:
    shape = Shape(layers=1, heads=1, feed_forward_width=24)
    prune_structure(Bert(network.bert), losses_of(network), shape)
    Bert(network.bert).keep_rows(range(100))
    other = MultiTaskEncoder(base.load_encoder(), len(RELATIONS), HeadSizes()).eval()
    Bert(other.bert).keep_rows(range(100))
    reshape(Bert(other.bert), shape)
    other.load_state_dict(network.state_dict())
    piece_ids, word_starts = torch.arange(1, 41).reshape(2, 20), torch.arange(1, 9).repeat(2, 1)
    with torch.no_grad():
        assert_same(other(piece_ids, word_starts), network(piece_ids, word_starts))


TEXTS = ["the pump filled the tank"] * 5 + ["valve " * 12 + "harbour"] * 5


def test_the_smaller_tokenizer_cuts_the_corpora_as_before(base: BaseModel) -> None:
    before = base.load_tokenizer()
    after, kept = prune_vocabulary(base.load_tokenizer(), TEXTS)
    assert kept == sorted(set(kept))
    assert after.get_vocab_size() == len(kept) < before.get_vocab_size()
    for text in [*TEXTS, "[CLS] zebra", "a-b 1.5 %"]:
        assert after.encode(text).tokens == before.encode(text).tokens
        assert [kept[piece] for piece in after.encode(text).ids] == before.encode(text).ids


def test_added_tokens_stay_and_a_truncation_hides_nothing(base: BaseModel) -> None:
    before = base.load_tokenizer()
    before.add_special_tokens(["[ENTITY]"])
    before.add_tokens(["@user"])
    before.enable_padding(pad_id=0)
    before.enable_truncation(3)
    after, _ = prune_vocabulary(before, TEXTS)
    assert {"[ENTITY]", "@user", "harbour"} <= after.get_vocab().keys()
    before.no_truncation()
    after.no_truncation()
    assert after.encode("the [ENTITY] @user harbour").tokens == before.encode("the [ENTITY] @user harbour").tokens


def test_pieces_that_nothing_uses_go_and_the_rest_are_spelt(base: BaseModel) -> None:
    after, _ = prune_vocabulary(base.load_tokenizer(), ["the pump"] * 5)
    vocabulary = after.get_vocab()
    # A general word list uses every word of the tiny vocabulary but its inflections.
    assert {"pump", "[PAD]", "[MASK]", "a", "##z", "?"} <= set(vocabulary)
    assert vocabulary["[PAD]"] == 0
    assert "[UNK]" not in after.encode("incomprehensibilities").tokens


def test_the_pruned_embedding_reads_the_pruned_pieces_alike(network: MultiTaskEncoder, base: BaseModel) -> None:
    tokenizer, kept = prune_vocabulary(base.load_tokenizer(), TEXTS)
    pruned = copy.deepcopy(network)
    Bert(pruned.bert).keep_rows(kept)
    assert pruned.bert.embeddings.word_embeddings.weight.shape == (len(kept), 32)
    readings = []
    for own, encoder in ((network, PieceEncoder(base.load_tokenizer())), (pruned, PieceEncoder(tokenizer))):
        (window,) = encoder.pack(encoder.encode(TEXTS[:1], [find_words(TEXTS[0])]), 64)
        with torch.no_grad():
            readings.append(own(torch.from_numpy(window.piece_ids[None]), torch.from_numpy(window.word_starts[None])))
    assert_same(*readings)
