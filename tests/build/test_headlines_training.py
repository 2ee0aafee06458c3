"""Training of the headline model: it starts copying, learns, resumes to the same weights, and says when it can't."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from briefd_build.errors import BuildError
from briefd_build.headlines.batches import Batches
from briefd_build.headlines.starting import start_copying
from briefd_build.headlines.tokens import Example
from briefd_build.headlines.training import Plan, Shape, Trainer, new_network

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import GPTNeoXForCausalLM

CPU = torch.device("cpu")
SHAPE = Shape(vocabulary=64, width=32, layers=2, heads=2, positions=64)


def network_of(shape: Shape = SHAPE) -> GPTNeoXForCausalLM:
    torch.manual_seed(0)
    return new_network(shape)


@pytest.fixture
def batches() -> Batches:
    """Texts whose summary is their first five tokens."""
    chance = np.random.default_rng(3)
    prompts = chance.integers(1, 64, (60, 12), dtype=np.int32)
    examples = [Example(prompt, np.append(prompt[:5], np.int32(0))) for prompt in prompts]
    return Batches(examples, [np.arange(20, 40)], 144, 0.5, 0.5, 1)


def train(
    network: GPTNeoXForCausalLM, batches: Batches, checkpoint: Path, plan: Plan, stop_after: int | None = None
) -> list[float]:
    reported: list[float] = []

    def report(done: int, loss: float) -> None:
        reported.append(loss)
        if done == stop_after:
            raise KeyboardInterrupt

    left = Trainer(batches, plan, checkpoint, report, lambda done, network: None).train(network, CPU)
    assert left == len(reported)
    return reported


def plan_of(steps: int, checkpoint_steps: int = 2) -> Plan:
    return Plan(
        steps, rate=5e-3, warmup_steps=2, cooldown_share=0.5, text_weight=0.5, checkpoint_steps=checkpoint_steps
    )


def test_it_learns(batches: Batches, tmp_path: Path) -> None:
    network = network_of()
    losses = train(network, batches, tmp_path / "c", plan_of(150, checkpoint_steps=150))
    assert np.mean(losses[-5:]) < 0.7 * losses[0]
    assert not network.training


def test_it_resumes_to_the_weights_it_would_have_had(batches: Batches, tmp_path: Path) -> None:
    straight, stopped, resumed = network_of(), network_of(), network_of()
    train(straight, batches, tmp_path / "a", plan_of(5))
    with pytest.raises(KeyboardInterrupt):
        train(stopped, batches, tmp_path / "b", plan_of(5), stop_after=3)
    assert len(train(resumed, batches, tmp_path / "b", plan_of(5))) == 3
    for ours, theirs in zip(straight.state_dict().values(), resumed.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs, atol=0, rtol=0)
    assert train(network_of(), batches, tmp_path / "b", plan_of(5)) == []


def test_diverging_is_an_error_with_the_fix(batches: Batches, tmp_path: Path) -> None:
    network = network_of()
    with torch.no_grad():
        network.gpt_neox.final_layer_norm.weight.fill_(float("nan"))
    with pytest.raises(BuildError, match="training diverged; lower the rate"):
        train(network, batches, tmp_path / "c", plan_of(2))
    assert not (tmp_path / "c").exists()


def test_rates_rise_stay_and_fall() -> None:
    plan = Plan(100, rate=1.0, warmup_steps=10, cooldown_share=0.5, text_weight=0.5, checkpoint_steps=50)
    assert [plan.rate_at(step) for step in (0, 9, 30, 50, 75, 99)] == pytest.approx([0.1, 1, 1, 1, 0.5, 0.02])


def test_it_can_copy_before_any_training() -> None:
    """What followed a token the last time is among the first five guesses when the token comes again."""
    network = network_of(Shape(vocabulary=1000, width=256, layers=2, heads=4, positions=128))
    once = torch.randint(1, 1000, (4, 40))
    twice = torch.cat([once, once], dim=1)

    def share_found() -> float:
        with torch.no_grad():
            guesses = network(twice).logits[:, 40:-1].topk(5).indices
        return (guesses == twice[:, 41:, None]).any(-1).float().mean().item()

    assert share_found() < 0.1
    start_copying(network)
    assert share_found() > 0.9
