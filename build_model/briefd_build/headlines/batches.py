"""Batches of examples of like length, a step's the same every time it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

    from briefd_build.headlines.tokens import Example

_POOL_BATCHES = 40  # examples are sorted by length among this many batches' worth


@dataclass(frozen=True)
class Batch:
    """Examples side by side, padded at the end.

    Attributes:
        token_ids: int64 [examples, tokens].
        summary_mask: bool, same shape: positions whose next token belongs to the summary.
        text_mask: bool, same shape: positions whose next token belongs to the text and is learned in this step.
    """

    token_ids: Tensor
    summary_mask: Tensor
    text_mask: Tensor

    def to(self, device: torch.device) -> Batch:
        """Copy to a device."""
        return Batch(self.token_ids.to(device), self.summary_mask.to(device), self.text_mask.to(device))


@dataclass(frozen=True)
class Batches:
    """Examples in batches, epoch after epoch.

    Attributes:
        examples: what to learn from.
        interchangeable: groups of token ids that may be exchanged for one another.
        batch_tokens: most tokens of a batch, padding included.
        text_share: share of the text's positions that are learned in a step.
        swap_share: share of the examples whose interchangeable tokens are exchanged, prompt and summary alike.
        seed: of the order and the chances.
    """

    examples: Sequence[Example]
    interchangeable: Sequence[np.ndarray]
    batch_tokens: int
    text_share: float
    swap_share: float
    seed: int

    def once(self) -> Iterator[Batch]:
        """Give every example once, nothing exchanged."""
        as_they_are = replace(self, swap_share=0.0)
        for number, members in enumerate(self._plan(0)):
            yield as_they_are._assemble(members, np.random.default_rng((self.seed, 0, number)))

    def from_step(self, step: int) -> Iterator[Batch]:
        """Give batches without end, beginning with the one of a step."""
        epoch = 0
        while True:
            plan = self._plan(epoch)
            for number, members in enumerate(plan[step:], start=step):
                yield self._assemble(members, np.random.default_rng((self.seed, epoch, number)))
            step = max(0, step - len(plan))
            epoch += 1

    def _plan(self, epoch: int) -> list[list[int]]:
        """Say which examples stand in which batch of an epoch."""
        chance = np.random.default_rng((self.seed, epoch))
        order = chance.permutation(len(self.examples)).tolist()
        mean = sum(map(len, self.examples)) / len(self.examples)
        pool = max(1, int(_POOL_BATCHES * self.batch_tokens / mean))
        batches = []
        for start in range(0, len(order), pool):
            by_length = sorted(order[start : start + pool], key=lambda number: len(self.examples[number]))
            batches += list(self._split(by_length))
        return [batches[number] for number in chance.permutation(len(batches))]

    def _split(self, by_length: Sequence[int]) -> Iterator[list[int]]:
        members: list[int] = []
        for number in by_length:
            if members and (len(members) + 1) * len(self.examples[number]) > self.batch_tokens:
                yield members
                members = []
            members.append(number)
        yield members

    def _assemble(self, members: Sequence[int], chance: np.random.Generator) -> Batch:
        shape = len(members), max(len(self.examples[number]) for number in members)
        token_ids = np.zeros(shape, np.int64)
        summary, text = np.zeros(shape, bool), np.zeros(shape, bool)
        for row, number in enumerate(members):
            example = self.examples[number]
            ids = np.concatenate([example.prompt_ids, example.summary_ids])
            if chance.random() < self.swap_share:
                ids = swap(ids, self.interchangeable, chance)
            token_ids[row, : len(ids)] = ids
            prompt = len(example.prompt_ids)
            summary[row, prompt - 1 : len(ids) - 1] = True
            text[row, : prompt - 1] = chance.random(prompt - 1) < self.text_share
        return Batch(torch.from_numpy(token_ids), torch.from_numpy(summary), torch.from_numpy(text))


def swap(token_ids: np.ndarray, groups: Sequence[np.ndarray], chance: np.random.Generator) -> np.ndarray:
    """Exchange every token of each group for another of its group, the same everywhere in the sequence.

    What such a token is can't be guessed from the language afterwards, only copied from where it stood before.
    """
    swapped: np.ndarray = token_ids.copy()
    for group in groups:
        for present in np.intersect1d(token_ids, group):
            swapped[token_ids == present] = chance.choice(group)
    return swapped
