"""Training of the headline model; resumes at the last checkpoint and reaches the weights it would have had."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM

from briefd_build.errors import BuildError
from briefd_build.folder import staged
from briefd_build.training import fast_autocast, without_denormals

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from briefd_build.headlines.batches import Batch, Batches

# As in the Pythia suite.
ROTARY_SHARE = 0.25
ROTARY_BASE = 10_000.0


@dataclass(frozen=True)
class Shape:
    """Size of the network, a GPT-NeoX as the Pythia suite's."""

    vocabulary: int = 8192
    width: int = 256
    layers: int = 6
    heads: int = 4
    positions: int = 512


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    Attributes:
        steps: batches that are learned from.
        rate: highest learning rate; it rises over `warmup_steps`, stays, and falls linearly to 0 over the last
            `cooldown_share` of the steps: where to stop can be settled late.
        cooldown_share: see `rate`.
        text_weight: weight of the text's loss next to the summary's, which has 1.
        checkpoint_steps: steps between checkpoints.
    """

    steps: int
    rate: float
    warmup_steps: int
    cooldown_share: float
    text_weight: float
    checkpoint_steps: int
    weight_decay: float = 0.1
    gradient_norm: float = 1.0

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        rising = (step + 1) / self.warmup_steps
        falling = (self.steps - step) / (self.cooldown_share * self.steps)
        return self.rate * min(rising, falling, 1.0)


def new_network(shape: Shape) -> GPTNeoXForCausalLM:
    """Make a network with random weights (torch's own generator), its output layer tied to its embedding.

    Tied, a name that was met once is known as something to read and to write at once, and copying a word is next to
    the identity: with so little text both matter more than the output layer's freedom.
    """
    config = GPTNeoXConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=4 * shape.width,
        max_position_embeddings=shape.positions,
        rope_parameters={"rope_type": "default", "rope_theta": ROTARY_BASE, "partial_rotary_factor": ROTARY_SHARE},
        use_parallel_residual=True,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=0,
        use_cache=False,
    )
    return GPTNeoXForCausalLM(config)


@dataclass(frozen=True)
class Trainer:
    """Trains a network on batches.

    Attributes:
        batches: see `Batches`.
        plan: see `Plan`.
        checkpoint: file that keeps the state between runs.
        report: called after each step with the steps done and the summary's loss, in nats a token.
        inspect: called after each checkpoint with the steps done and the network, which it leaves training.
    """

    batches: Batches
    plan: Plan
    checkpoint: Path
    report: Callable[[int, float], None]
    inspect: Callable[[int, GPTNeoXForCausalLM], None]

    def train(self, network: GPTNeoXForCausalLM, device: torch.device) -> int:
        """Train to the end of the plan, from the checkpoint where there is one.

        Returns:
            How many steps were left to do.

        Raises:
            BuildError: the loss is no number any more.
        """
        network.to(device).train()  # type: ignore[arg-type]  # transformers' decorator loses the types
        optimizer = _optimizer(network, self.plan)
        with without_denormals():
            resumed = done = self._resume(network, optimizer, device)
            for batch in islice(self.batches.from_step(done), self.plan.steps - done):
                loss = self._step(network, optimizer, batch.to(device), self.plan.rate_at(done))
                done += 1
                self.report(done, loss)
                if done % self.plan.checkpoint_steps == 0 or done == self.plan.steps:
                    self._save(network, optimizer, done)
                    self.inspect(done, network)
        network.eval()
        return self.plan.steps - resumed

    def _step(self, network: GPTNeoXForCausalLM, optimizer: torch.optim.Optimizer, batch: Batch, rate: float) -> float:
        for group in optimizer.param_groups:
            group["lr"] = rate
        with fast_autocast(batch.token_ids.device):
            summary_loss, text_loss = losses(network, batch)
            loss = summary_loss + self.plan.text_weight * text_loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), self.plan.gradient_norm)
        optimizer.step()
        if not math.isfinite(loss.item()):
            raise BuildError("training diverged; lower the rate of its plan")
        return summary_loss.item()

    def _resume(self, network: GPTNeoXForCausalLM, optimizer: torch.optim.Optimizer, device: torch.device) -> int:
        if not self.checkpoint.exists():
            return 0
        state = torch.load(self.checkpoint, map_location=device, weights_only=True)
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])

    def _save(self, network: GPTNeoXForCausalLM, optimizer: torch.optim.Optimizer, step: int) -> None:
        state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
        with staged(self.checkpoint) as partial:
            torch.save(state, partial)


def losses(network: GPTNeoXForCausalLM, batch: Batch) -> tuple[Tensor, Tensor]:
    """Mean losses of the summary's tokens and of the text's learned ones, in nats."""
    chosen = batch.summary_mask | batch.text_mask
    each = cross_entropy(*_predict(network, batch.token_ids, chosen), reduction="none")
    of_summary = batch.summary_mask[chosen]
    return each[of_summary].mean(), each[~of_summary].sum() / (~of_summary).sum().clamp(min=1)


def _optimizer(network: GPTNeoXForCausalLM, plan: Plan) -> torch.optim.AdamW:
    """Make the optimizer; only matrices decay."""
    matrices = [parameter for parameter in network.parameters() if parameter.ndim > 1]
    vectors = [parameter for parameter in network.parameters() if parameter.ndim == 1]
    groups = [{"params": matrices, "weight_decay": plan.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.95), fused=True)


@torch.no_grad()
def summary_predictions(network: GPTNeoXForCausalLM, batch: Batch) -> tuple[Tensor, Tensor]:
    """Loss of every summary token of a batch, in nats, and whether it is the network's first choice."""
    logits, wanted = _predict(network, batch.token_ids, batch.summary_mask)
    return cross_entropy(logits, wanted, reduction="none"), logits.argmax(dim=1) == wanted


def _predict(network: GPTNeoXForCausalLM, token_ids: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Logits [positions, vocabulary] of what follows some positions, and what does; no others get an output row."""
    hidden = network.gpt_neox(input_ids=token_ids).last_hidden_state
    logits = network.get_output_embeddings()(hidden[positions]).float()
    return logits, token_ids.roll(-1, dims=1)[positions]
