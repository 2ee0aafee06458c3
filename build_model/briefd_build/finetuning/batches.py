"""Examples of like length side by side; an epoch's batches are the same every time they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from briefd_build.finetuning.examples import Example

IGNORED = -100
"""Marks a token that is not learned; the ignored target of PyTorch's losses."""
# Examples are sorted by length among so many batches' worth: little is padding, and batches still differ by epoch.
_POOL_BATCHES = 40


@dataclass(frozen=True)
class Batch:
    """Examples side by side, padded at their ends.

    Attributes:
        input_ids: int64 [examples, tokens]; what the model, or its encoder, reads.
        attention_mask: int64, same shape: 1 where there is a token.
        labels: int64 [examples, tokens]: of a causal model as long as its input, `IGNORED` outside of the summary; of
            an encoder-decoder the summaries.
    """

    input_ids: Tensor
    attention_mask: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""
        return Batch(self.input_ids.to(device), self.attention_mask.to(device), self.labels.to(device))


def plan_epoch(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Say which examples stand in which batch of an epoch.

    Args:
        lengths: of the examples.
        batch_size: examples a batch; the last ones of an epoch may be fewer.
        seed: of the order.
        epoch: from 0 on; each has an order of its own.

    Returns:
        The batches in order, as indices of examples; every example stands in one of them.

    """
    chance = np.random.default_rng((seed, epoch))
    order = chance.permutation(len(lengths)).tolist()
    pool = _POOL_BATCHES * batch_size
    batches = []
    for start in range(0, len(order), pool):
        by_length = sorted(order[start : start + pool], key=lengths.__getitem__)
        batches += [by_length[first : first + batch_size] for first in range(0, len(by_length), batch_size)]
    return [batches[number] for number in chance.permutation(len(batches))]


def assemble(examples: Sequence[Example], *, is_encoder_decoder: bool) -> Batch:
    """Put examples side by side."""
    prompts = [example.prompt_ids for example in examples]
    summaries = [example.summary_ids for example in examples]
    inputs, labels = prompts, summaries
    if not is_encoder_decoder:
        inputs = [np.concatenate(pair) for pair in zip(prompts, summaries, strict=True)]
        labels = [
            np.concatenate([np.full_like(prompt, IGNORED), summary])
            for prompt, summary in zip(prompts, summaries, strict=True)
        ]
    return Batch(_pad(inputs, 0), _pad((np.ones_like(each) for each in inputs), 0), _pad(labels, IGNORED))


def _pad(rows: Iterable[NDArray[np.int32]], value: int) -> Tensor:
    kept = list(rows)
    padded = np.full((len(kept), max(map(len, kept))), value, np.int64)
    for row, ids in zip(padded, kept, strict=True):
        row[: len(ids)] = ids
    return torch.from_numpy(padded)
