"""The training loop: goes on from its last checkpoint as if it had never stopped.

A loop of our own, not transformers' Trainer: a step's batch is a function of its number, so a run that goes on reads
no data twice and skips none; the loss needs output rows at the summary's tokens only, a small share of a prompt's; and
a checkpoint is one file, written whole or not at all, that holds no code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.nn.functional import cross_entropy

from briefd_build.errors import BuildError
from briefd_build.finetuning.batches import IGNORED, assemble, plan_epoch
from briefd_build.folder import staged
from briefd_build.training import fast_autocast, without_denormals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from torch import Tensor
    from transformers import PreTrainedModel

    from briefd_build.finetuning.batches import Batch
    from briefd_build.finetuning.examples import Example
    from briefd_build.finetuning.settings import Settings


class Evaluation(NamedTuple):
    """The held-out loss after so many steps, in nats a token of the summaries."""

    step: int
    loss: float


class Progress(NamedTuple):
    """How far a training is: steps done of all, and the last losses in nats a token; None before the first step."""

    step: int
    steps: int
    loss: float | None
    held_out_loss: float


class Reading(NamedTuple):
    """What a network makes of the summaries' tokens of a batch.

    Attributes:
        logits: [tokens, vocabulary], float32.
        wanted: [tokens]; which tokens they are.
        states: [tokens, width] of every layer, of a decoder's where there is an encoder too; empty if not asked for.
    """

    logits: Tensor
    wanted: Tensor
    states: list[Tensor]


def compute_label_loss(network: PreTrainedModel, batch: Batch) -> Tensor:
    """Compute the loss of a batch against its summaries, in nats a token."""
    return cross_entropy(*predict(network, batch))


@dataclass(frozen=True)
class Trainer:
    """Trains a network on examples.

    Attributes:
        examples: to learn from.
        held_out: to measure on.
        settings: see `Settings`.
        checkpoint: file that keeps the state between runs.
        report: called after each step.
        compute_loss: of a batch, in nats a token; what is held out is measured against its summaries in any case.
    """

    examples: Sequence[Example]
    held_out: Sequence[Example]
    settings: Settings
    checkpoint: Path
    report: Callable[[Progress], None]
    compute_loss: Callable[[PreTrainedModel, Batch], Tensor] = compute_label_loss

    @property
    def steps(self) -> int:
        """How many steps there are in all."""
        return self.settings.epochs * math.ceil(len(self.examples) / self.settings.batch_pairs)

    def train(self, network: PreTrainedModel, device: torch.device) -> list[Evaluation]:
        """Train the parameters that ask for a gradient to the end, from the checkpoint where there is one.

        Returns:
            The evaluations: before the first step, every so many steps, and after the last one.

        Raises:
            BuildError: the loss is no number any more.

        """
        network.to(device)  # type: ignore[arg-type]  # transformers types it too narrowly
        optimizer = _make_optimizer(network, self.settings)
        with without_denormals():
            evaluations = self._resume(network, optimizer, device) or [self._evaluate(network, 0, device)]
            step = evaluations[-1].step
            for batch in self._batches_from(step, network):
                loss = self._step(network, optimizer, batch.to(device), step)
                step += 1
                if step % self.settings.evaluation_steps == 0 or step == self.steps:
                    evaluations.append(self._evaluate(network, step, device))
                    self._save(network, optimizer, evaluations)
                self.report(Progress(step, self.steps, loss, evaluations[-1].loss))
        network.eval()
        return evaluations

    def _batches_from(self, step: int, network: PreTrainedModel) -> Iterator[Batch]:
        batches_of_epoch = self.steps // self.settings.epochs
        lengths = list(map(len, self.examples))
        for epoch in range(step // batches_of_epoch, self.settings.epochs):
            plan = plan_epoch(lengths, self.settings.batch_pairs, self.settings.seed, epoch)
            for members in plan[max(0, step - epoch * batches_of_epoch) :]:
                yield self._assemble([self.examples[number] for number in members], network)

    def _step(self, network: PreTrainedModel, optimizer: torch.optim.Optimizer, batch: Batch, step: int) -> float:
        for group in optimizer.param_groups:
            group["lr"] = self.settings.rate_at(step, self.steps)
        network.train()
        loss = self.compute_loss(network, batch)
        if not math.isfinite(value := loss.item()):
            raise BuildError(f"training diverged at step {step + 1}; lower --rate")
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(_trained(network).values(), self.settings.gradient_norm)
        optimizer.step()
        return value

    @torch.no_grad()
    def _evaluate(self, network: PreTrainedModel, step: int, device: torch.device) -> Evaluation:
        network.eval()
        loss, tokens = 0.0, 0
        for members in plan_epoch(list(map(len, self.held_out)), self.settings.batch_pairs, self.settings.seed, 0):
            batch = self._assemble([self.held_out[number] for number in members], network).to(device)
            logits, wanted = predict(network, batch)
            loss += cross_entropy(logits, wanted, reduction="sum").item()
            tokens += len(wanted)
        return Evaluation(step, loss / tokens)

    def _assemble(self, examples: Sequence[Example], network: PreTrainedModel) -> Batch:
        return assemble(examples, is_encoder_decoder=network.config.is_encoder_decoder)

    def _resume(
        self, network: PreTrainedModel, optimizer: torch.optim.Optimizer, device: torch.device
    ) -> list[Evaluation]:
        if not self.checkpoint.exists():
            return []
        try:
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises many kinds for files that it can't read
            raise BuildError(f"{self.checkpoint} is damaged; remove it to train from the beginning") from error
        trained = _trained(network)
        with torch.no_grad():
            for name, value in state["weights"].items():
                trained[name].copy_(value)
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        if device.type == "cuda" and state["device_random"] is not None:
            torch.cuda.set_rng_state(state["device_random"], device)
        return [Evaluation(*each) for each in state["evaluations"]]

    def _save(
        self, network: PreTrainedModel, optimizer: torch.optim.Optimizer, evaluations: Sequence[Evaluation]
    ) -> None:
        device = network.device
        state: dict[str, Any] = {
            "weights": _trained(network),
            "optimizer": optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "device_random": torch.cuda.get_rng_state(device) if device.type == "cuda" else None,
            "evaluations": [tuple(each) for each in evaluations],
        }
        with staged(self.checkpoint) as partial:
            torch.save(state, partial)


def predict(network: Any, batch: Batch) -> tuple[Tensor, Tensor]:
    """Compute the logits [tokens, vocabulary], float32, of the summaries' tokens, and which tokens they are."""
    reading = read(network, batch)
    return reading.logits, reading.wanted


def read(network: Any, batch: Batch, *, keeps_states: bool = False) -> Reading:
    """Read a batch; see `Reading`.

    A causal model's hidden states at all other positions get no output row: with a large vocabulary, those would be
    most of the work.
    """
    with fast_autocast(batch.input_ids.device):
        if network.config.is_encoder_decoder:
            decoder_ids = network.prepare_decoder_input_ids_from_labels(labels=batch.labels)
            output = network(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                decoder_input_ids=decoder_ids,
                use_cache=False,
                output_hidden_states=keeps_states,
            )
            learned = batch.labels != IGNORED
            states = [each[learned] for each in (output.decoder_hidden_states or ())[1:]]
            return Reading(output.logits[learned].float(), batch.labels[learned], states)
        # Padded at the end, where nothing before looks: it needs no mask.
        output = network.base_model(input_ids=batch.input_ids, use_cache=False, output_hidden_states=keeps_states)
        following = batch.labels[:, 1:]
        learned = following != IGNORED
        states = [each[:, :-1][learned] for each in (output.hidden_states or ())[1:]]
        hidden = output.last_hidden_state[:, :-1][learned]
        return Reading(network.get_output_embeddings()(hidden).float(), following[learned], states)


def _trained(network: PreTrainedModel) -> dict[str, Tensor]:
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def _make_optimizer(network: PreTrainedModel, settings: Settings) -> torch.optim.AdamW:
    """Make the optimizer; only matrices decay."""
    trained = _trained(network).values()
    groups = [
        {"params": [each for each in trained if each.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [each for each in trained if each.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=settings.rate, fused=True)
