"""Training by epochs, for the first time and in recovery; what was stopped goes on where it was minutes before."""

from __future__ import annotations

import math
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import torch

from briefd_build.errors import BuildError
from briefd_build.folder import staged
from briefd_server.cpu_features import read_cpu_features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor, nn

# As Linux names them; any one of them will do.
_BFLOAT16_FEATURES = frozenset({"avx512_bf16", "amx_bf16", "bf16"})

CHECKPOINT_SECONDS = 180.0
"""How often a training's state is kept, in seconds; writing it takes one or two."""

# In the path of a parameter of transformers' encoders: "encoder.layer.3.output.dense.weight".
_LAYER_NUMBER = re.compile(r"\blayer\.(\d+)\.")

_Moved = TypeVar("_Moved")


class Movable(Protocol):
    """A batch."""

    def to(self: _Moved, device: torch.device) -> _Moved:
        """Give it on a device."""


BatchT = TypeVar("BatchT", bound=Movable)


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to train. The rates rise over the first `warmup` of all steps and fall linearly to 0.

    The encoder's rate is that of its last layer; each layer below it has `layer_decay` times that of the one above, and
    the embeddings below all have it once more.
    """

    epochs: int
    encoder_rate: float
    head_rate: float
    layer_decay: float = 1.0
    warmup: float = 0.05
    weight_decay: float = 0.01
    gradient_norm: float = 5.0

    def factor(self, progress: float) -> float:
        """Factor of the rates after `progress`, 0 to 1, of all steps."""
        return min(progress / self.warmup, (1 - progress) / (1 - self.warmup))


@dataclass(frozen=True)
class EpochTrainer(Generic[BatchT]):
    """Trains a network with an encoder under heads.

    Attributes:
        batches_of_epoch: gives an epoch's batches, the same ones for the same epoch number.
        loss: of a batch on the network's device, under `fast_autocast`.
        schedule: see `Schedule`.
        checkpoint: file that keeps the state after every epoch, and every few minutes of one; removed by whoever owns
            the build.
        report: called after each step with the epochs done, fractional, and the step's loss.
        checkpoint_seconds: what is lost at most when a training is stopped, and the time of a step.
    """

    batches_of_epoch: Callable[[int], Sequence[BatchT]]
    loss: Callable[[BatchT], Tensor]
    schedule: Schedule
    checkpoint: Path
    report: Callable[[float, float], None]
    checkpoint_seconds: float = CHECKPOINT_SECONDS

    def train(self, network: nn.Module, encoder: nn.Module, device: torch.device) -> None:
        """Train what asks for a gradient to the end of the schedule, from the checkpoint where there is one.

        Args:
            network: the whole of it, on `device`.
            encoder: the part of it that learns at the encoder's rate; all others learn at that of the heads.
            device: where to compute.

        Raises:
            BuildError: the loss is no number any more.
        """
        with without_denormals():
            optimizer = _optimizer(network, encoder, self.schedule)
            first, done = self._resume(network, optimizer)
            for epoch in range(first, self.schedule.epochs):
                self._train_epoch(network, optimizer, epoch, done if epoch == first else 0, device)
                self._save(network, optimizer, epoch + 1, 0)
        network.eval()

    def _train_epoch(
        self, network: nn.Module, optimizer: torch.optim.Optimizer, epoch: int, steps_done: int, device: torch.device
    ) -> None:
        network.train()
        batches = self.batches_of_epoch(epoch)
        saved = time.monotonic()
        for step, batch in enumerate(batches[steps_done:], steps_done):
            if time.monotonic() - saved >= self.checkpoint_seconds:
                self._save(network, optimizer, epoch, step)
                saved = time.monotonic()
            done = epoch + step / len(batches)
            _set_rates(optimizer, self.schedule.factor(done / self.schedule.epochs))
            self.report(done, self._step(network, optimizer, batch.to(device), device))

    def _step(self, network: nn.Module, optimizer: torch.optim.Optimizer, batch: BatchT, device: torch.device) -> float:
        with fast_autocast(device):
            loss = self.loss(batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), self.schedule.gradient_norm)
        optimizer.step()
        if not math.isfinite(value := loss.item()):
            raise BuildError("training diverged; lower the rates of its schedule")
        return value

    def _resume(self, network: nn.Module, optimizer: torch.optim.Optimizer) -> tuple[int, int]:
        """Take up the state of the checkpoint; gives the epoch to go on with, and how many of its steps are done."""
        if not self.checkpoint.exists():
            return 0, 0
        state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        return int(state["epoch"]), int(state["step"])

    def _save(self, network: nn.Module, optimizer: torch.optim.Optimizer, epoch: int, step: int) -> None:
        state = {
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "epoch": epoch,
            "step": step,
        }
        with staged(self.checkpoint) as partial:
            torch.save(state, partial)


@contextmanager
def without_denormals() -> Iterator[None]:
    """Count denormal numbers as 0 for a while.

    The optimizer's averages of embedding rows that no batch uses decay into them, and processors are slow on them.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def fast_autocast(device: torch.device) -> torch.autocast:
    """Compute in bfloat16 inside, at the same accuracy, where the device has instructions for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=is_bfloat16_fast(device))


@cache
def is_bfloat16_fast(device: torch.device) -> bool:
    """Whether the device has instructions for bfloat16.

    With them a training takes 1/2.3 of its time in float32 (Zen 4); emulated it takes 20 times that time (Zen 3).
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return not _BFLOAT16_FEATURES.isdisjoint(read_cpu_features())


def _optimizer(network: nn.Module, encoder: nn.Module, schedule: Schedule) -> torch.optim.AdamW:
    inside = {id(parameter) for parameter in encoder.parameters()}
    groups = [
        *_encoder_groups(encoder, schedule),
        _group((each for each in network.parameters() if id(each) not in inside), schedule.head_rate),
    ]
    return torch.optim.AdamW(groups, weight_decay=schedule.weight_decay, betas=(0.9, 0.98), fused=True)


def _encoder_groups(encoder: nn.Module, schedule: Schedule) -> list[dict[str, object]]:
    """Group an encoder's parameters by their rates, the embeddings first; one group where all have the same."""
    if schedule.layer_decay == 1.0:
        return [_group(encoder.parameters(), schedule.encoder_rate)]
    levels: dict[int, list[nn.Parameter]] = {}
    for name, parameter in encoder.named_parameters():
        found = _LAYER_NUMBER.search(name)
        levels.setdefault(int(found[1]) + 1 if found else 0, []).append(parameter)
    top = max(levels)
    return [
        _group(levels[level], schedule.encoder_rate * schedule.layer_decay ** (top - level)) for level in sorted(levels)
    ]


def _group(parameters: Iterable[nn.Parameter], rate: float) -> dict[str, object]:
    return {"params": [each for each in parameters if each.requires_grad], "lr": rate, "full_rate": rate}


def _set_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = group["full_rate"] * factor
