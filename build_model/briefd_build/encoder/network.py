"""The multi-task network: one BERT-style encoder, and heads that read syntax, salience and prominence off its words.

Shapes: B windows, T pieces, N words, L relations, R the rank of the relation scorer. Every head is a function of a
word's first piece (Dozat and Manning 2017, "Deep Biaffine Attention for Neural Dependency Parsing", with the
first-piece pooling of Glavaš and Vulić 2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from transformers import BertModel

PAD_PIECE_ID = 0
TAGS = (
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
)  # fmt: skip


@dataclass(frozen=True)
class HeadSizes:
    """Widths of the heads, as in the prototype but for the rank, which replaces a full label tensor (see `Reading`)."""

    arc: int = 192
    relation: int = 128
    relation_rank: int = 8
    salience: int = 96
    dropout: float = 0.2


class Reading(NamedTuple):
    """What the network says of B windows of N words.

    The score of relation `l` between dependent `i` and head `j` is the inner product of `relation_dependents[i, l]` and
    `relation_heads[j, l]`: a biaffine form of rank R for every relation (biases make the linear terms part of it). So a
    caller can score any tree it likes, the maximum spanning one for instance, without the weights. The channel after
    the last relation is the log-odds that an editor keeps the arc.
    """

    arc_scores: Tensor
    """[B, N, N], dependent by head; the diagonal scores being the sentence's root."""
    relation_dependents: Tensor
    """[B, N, L + 1, R]"""
    relation_heads: Tensor
    """[B, N, L + 1, R]"""
    tag_scores: Tensor
    """[B, N, 17], in the order of `TAGS`."""
    salience: Tensor
    """[B, N], log-odds that a human summary of the document mentions the word."""
    prominence: Tensor
    """[B, N], the mean over a sentence's words is the log-odds that the sentence is prominent in its document."""


class MultiTaskEncoder(nn.Module):
    """Encoder and heads. `forward` takes int64 piece ids [B, T], padded with 0, and first-piece positions [B, N]."""

    def __init__(self, bert: BertModel, relation_count: int, sizes: HeadSizes) -> None:
        super().__init__()
        width = bert.config.hidden_size
        self.bert = bert
        self.sizes = sizes
        self.relation_count = relation_count
        self.dropout = nn.Dropout(sizes.dropout)
        self.arc_dependent = _projection(width, sizes.arc, sizes.dropout)
        self.arc_head = _projection(width, sizes.arc, sizes.dropout)
        self.arc_product = nn.Parameter(torch.zeros(sizes.arc, sizes.arc))
        self.arc_head_bias = nn.Linear(sizes.arc, 1, bias=False)
        self.relation_dependent = _low_rank_scorer(width, relation_count + 1, sizes)
        self.relation_head = _low_rank_scorer(width, relation_count + 1, sizes)
        self.tag = nn.Linear(width, len(TAGS))
        self.salience = nn.Sequential(nn.Linear(width, sizes.salience), nn.GELU(), nn.Linear(sizes.salience, 1))
        self.prominence = nn.Linear(width, 1)
        nn.init.xavier_uniform_(self.arc_product)

    def forward(self, piece_ids: Tensor, word_starts: Tensor) -> Reading:
        """Read B windows; rows and columns of padded words hold values without meaning."""
        return self.read_words(self.dropout(self.encode_words(piece_ids, word_starts)))

    def read_words(self, words: Tensor) -> Reading:
        """Read B windows off the states of their words, [B, N, width]."""
        heads = self.arc_head(words)
        # A head's own score is part of the product: a constant that is added to every dependent's side of it.
        dependents = self.arc_dependent(words) @ self.arc_product + self.arc_head_bias.weight[0]
        factors = (*words.shape[:2], self.relation_count + 1, self.sizes.relation_rank)
        return Reading(
            dependents @ heads.transpose(1, 2),
            self.relation_dependent(words).reshape(factors),
            self.relation_head(words).reshape(factors),
            self.tag(words),
            self.salience(words).squeeze(-1),
            self.prominence(words).squeeze(-1),
        )

    def encode_words(self, piece_ids: Tensor, word_starts: Tensor) -> Tensor:
        """Encode B windows; returns the state of every word's first piece, [B, N, width]."""
        attention_mask = (piece_ids != PAD_PIECE_ID).long()
        states = self.bert(input_ids=piece_ids, attention_mask=attention_mask).last_hidden_state
        return at_words(states, word_starts)


def at_words(states: Tensor, word_starts: Tensor) -> Tensor:
    """Pick the states [B, N, width] of the words' first pieces from those of all pieces, [B, T, width]."""
    return torch.gather(states, 1, word_starts.unsqueeze(-1).expand(-1, -1, states.shape[-1]))


def _projection(width: int, size: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, size), nn.ReLU(), nn.Dropout(dropout))


def _low_rank_scorer(width: int, channels: int, sizes: HeadSizes) -> nn.Sequential:
    return nn.Sequential(
        *_projection(width, sizes.relation, sizes.dropout), nn.Linear(sizes.relation, channels * sizes.relation_rank)
    )
