"""Learning what an editor keeps: the last channel of the relation scorer, fitted on aligned summaries.

The encoder stays as it is; the channel is a bilinear form of the scorer's own features of an arc's two ends (the
learned edge weights of Filippova and Alfonseca 2015, "Fast k-best Sentence Compression").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from briefd_build.corpora.compressions import align, kept_arcs
from briefd_build.encoder.losses import sentence_arcs
from briefd_build.encoder.network import TAGS
from briefd_server.engines.extractive.tree import best_tree
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.corpora.compressions import AlignedSentence
    from briefd_build.corpora.documents import Document
    from briefd_build.encoder.network import MultiTaskEncoder
    from briefd_server.engines.extractive.pieces import PieceEncoder, Window

_WINDOW_PIECES = 256
# Full-batch Adam on about 60,000 arcs; the loss on held-out documents is flat from 200 steps on.
_STEPS, _RATE, _WEIGHT_DECAY = 300, 1e-2, 1e-3
# The channel starts anew, as large as PyTorch draws a linear layer's weights: what it was before does not matter.
_SEED, _START = 1, 0.05


@dataclass(frozen=True)
class Arcs:
    """Features [A, F] of A arcs' two ends, and whether each was kept, [A]."""

    dependents: Tensor
    heads: Tensor
    kept: Tensor


def fit_keeping(network: MultiTaskEncoder, encoder: PieceEncoder, documents: Iterable[Document]) -> None:
    """Fit the channel of a trained network, in place."""
    arcs = collect_arcs(network, encoder, align(documents))
    ends = [cast("nn.Linear", scorer[-1]) for scorer in (network.relation_dependent, network.relation_head)]
    channel = slice(network.relation_count * network.sizes.relation_rank, None)
    chance = torch.Generator().manual_seed(_SEED)
    weights = [nn.Parameter(_START * torch.randn(end.weight[channel].shape, generator=chance)) for end in ends]
    biases = [nn.Parameter(torch.zeros(end.bias[channel].shape)) for end in ends]
    optimizer = torch.optim.AdamW([*weights, *biases], lr=_RATE, weight_decay=_WEIGHT_DECAY)
    for _ in range(_STEPS):
        factors = [
            functional.linear(features, weight, bias)
            for features, weight, bias in zip((arcs.dependents, arcs.heads), weights, biases, strict=True)
        ]
        loss = functional.binary_cross_entropy_with_logits((factors[0] * factors[1]).sum(-1), arcs.kept)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        for end, weight, bias in zip(ends, weights, biases, strict=True):
            end.weight[channel], end.bias[channel] = weight, bias


@torch.no_grad()
def collect_arcs(network: MultiTaskEncoder, encoder: PieceEncoder, sentences: Iterable[AlignedSentence]) -> Arcs:
    """Read aligned sentences, one a window, and take the features of the arcs that tell."""
    network.eval()
    dependents, heads, kept = [], [], []
    for sentence in sentences:
        words = find_words(sentence.text)
        windows = list(encoder.pack(encoder.encode([sentence.text], [words]), _WINDOW_PIECES))
        if len(windows) > 1:
            continue
        states, tree, tags = _read(network, windows[0], sentence)
        forms = [sentence.text[word.start : word.end] for word in words]
        arcs = kept_arcs(forms, tree, tags, sentence.shared)
        own, others = [word for word, _ in arcs], [tree[word] for word, _ in arcs]
        dependents.append(network.relation_dependent[:-1](states[own]))
        heads.append(network.relation_head[:-1](states[others]))
        kept.append(torch.tensor([float(was_kept) for _, was_kept in arcs]))
    return Arcs(torch.cat(dependents), torch.cat(heads), torch.cat(kept))


def _read(
    network: MultiTaskEncoder, window: Window, sentence: AlignedSentence
) -> tuple[Tensor, Sequence[int], Sequence[str]]:
    """States [N, width], heads and tags of a sentence's words: the treebank's where there are any."""
    piece_ids, word_starts = (torch.from_numpy(part[None]) for part in (window.piece_ids, window.word_starts))
    states = network.encode_words(piece_ids, word_starts)[0]
    if sentence.tree is not None:
        return states, sentence.tree.heads, sentence.tree.tags
    reading = network(piece_ids, word_starts)
    arcs = sentence_arcs(reading.arc_scores, torch.zeros_like(word_starts))
    tags = [TAGS[tag] for tag in reading.tag_scores[0].argmax(-1).tolist()]
    return states, best_tree(arcs[0].numpy()).tolist(), tags
