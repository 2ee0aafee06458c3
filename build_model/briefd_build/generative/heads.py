"""Output layers: from a hidden state to the best few tokens, inside the graph.

Each head takes hidden states [L, width] and `allowed` [vocabulary], which is 0 for a token that may come and very
negative for one that may not, and gives token numbers int64 [L, K] best first, their logits [L, K], and `end_margin`
[L]: the best logit among the tokens that end a sentence less the best of all, at most 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from briefd_server.engines.generative.model import CANDIDATE_COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.generative.architecture import Affine
    from briefd_build.generative.kernels import Kernel

# Candidates of the coarse screen that are scored again. The exactly best token stood among the first 14 of a 4-bit
# screen for each of 2,000 random hidden states and random weights of pythia-70m's shape, which is harder than any
# trained model; decoding looks at the first 16 candidates.
_SCREENED_COUNT = 64


class FullHead(nn.Module):
    """Scores the whole vocabulary."""

    ends: Tensor

    def __init__(self, output: Affine, ends: Sequence[int], kernel: Kernel) -> None:
        super().__init__()
        self.score = kernel.linear(output.weight, output.bias)
        self.register_buffer("ends", torch.tensor(ends))

    def forward(self, hidden: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the module."""
        logits = self.score(hidden)
        scores, numbers = _top(logits + allowed, CANDIDATE_COUNT)
        return numbers, scores, _end_margin(logits, self.ends)


class ScreenedHead(nn.Module):
    """Scores the whole vocabulary coarsely, and the best of that again with more bits."""

    ends: Tensor
    bias: Tensor

    def __init__(self, output: Affine, ends: Sequence[int], coarse: Kernel, rows: nn.Module) -> None:
        super().__init__()
        self.score = coarse.linear(output.weight, output.bias)
        self.rows = rows
        self.register_buffer("bias", bias_of(output))
        self.register_buffer("ends", torch.tensor(ends))

    def forward(self, hidden: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the module."""
        logits = self.score(hidden)
        _, screened = _top(logits + allowed, _SCREENED_COUNT)
        exact = (self.rows(screened) @ hidden[:, :, None])[..., 0] + (self.bias + allowed)[screened]
        scores, places = _top(exact, CANDIDATE_COUNT)
        return screened.gather(1, places), scores, _end_margin(logits, self.ends)


class ShortlistHead(nn.Module):
    """Scores the frequent tokens, and those of the request.

    Takes two inputs more: `row_ids` int64 [R], the request's tokens that are not frequent ones, and `rows` float32
    [width + 1, R], their weights and biases as `RowTable` gives them. `allowed` is [frequent + R] here.
    """

    frequent: Tensor
    ends: Tensor

    def __init__(self, output: Affine, frequent: Sequence[int], ends: Sequence[int], kernel: Kernel) -> None:
        super().__init__()
        chosen = torch.tensor(frequent)
        self.score = kernel.linear(
            output.weight[chosen].contiguous(), None if output.bias is None else output.bias[chosen]
        )
        place_of = {token: place for place, token in enumerate(frequent)}
        self.register_buffer("frequent", chosen)
        self.register_buffer("ends", torch.tensor([place_of[token] for token in ends]))

    def forward(self, hidden: Tensor, allowed: Tensor, row_ids: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the module."""
        logits = torch.cat([self.score(hidden), _with_one(hidden) @ rows], dim=1)
        candidates = torch.cat([self.frequent, row_ids])
        scores, places = _top(logits + allowed, CANDIDATE_COUNT)
        return candidates[places], scores, _end_margin(logits, self.ends)


class RowTable(nn.Module):
    """Looks up weights and biases of the output layer, for a `ShortlistHead`."""

    bias: Tensor
    frequent: Tensor
    is_rare: Tensor

    def __init__(self, output: Affine, rows: nn.Module, frequent: Sequence[int]) -> None:
        super().__init__()
        self.rows = rows
        self.register_buffer("bias", bias_of(output))
        self.register_buffer("frequent", torch.tensor(frequent))
        is_rare = torch.ones(len(output.weight), dtype=torch.bool)
        is_rare[list(frequent)] = False
        self.register_buffer("is_rare", is_rare)

    def forward(self, row_ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look up tokens [R]: rows [width + 1, R], whether each is no frequent one [R], and all frequent ones."""
        return (
            torch.cat([self.rows(row_ids).t(), self.bias[row_ids][None]]),
            self.is_rare[row_ids],
            self.frequent.clone(),
        )


def bias_of(output: Affine) -> Tensor:
    """Give the bias of an output layer [vocabulary], zeros where it has none."""
    return output.weight.new_zeros(len(output.weight)) if output.bias is None else output.bias


def _with_one(hidden: Tensor) -> Tensor:
    return nn.functional.pad(hidden, (0, 1), value=1.0)


def _top(scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    values, places = torch.topk(scores, min(count, scores.shape[-1]), dim=-1)
    return values, places


def _end_margin(logits: Tensor, ends: Tensor) -> Tensor:
    return logits.index_select(1, ends).amax(dim=1) - logits.amax(dim=1)
