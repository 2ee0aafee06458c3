"""Everything that decides what a fine-tuning makes of its model and its pairs."""

from __future__ import annotations

from dataclasses import dataclass

from briefd_build.errors import BuildError

# Longest contexts of models grow faster than what a small one reads well, and attention's cost with their square.
MOST_CONTEXT_TOKENS = 1024
# What T5 and FLAN-T5 were trained on; their configuration sets no limit.
T5_CONTEXT_TOKENS = 512
# A short training would never get through its warm-up otherwise.
_LARGEST_WARMUP_SHARE = 0.1


@dataclass(frozen=True)
class Settings:
    """How to fine-tune.

    The defaults are customary ones for LoRA on small models; none was tuned here.

    Attributes:
        full: whether all weights are trained; LoRA's three settings are not used then.
        rank: of LoRA's matrices.
        alpha: LoRA's weight is alpha / rank.
        dropout: of LoRA's input.
        epochs: how often every pair is seen.
        rate: the learning rate after the warm-up.
        warmup_steps: steps in which the rate rises; a tenth of all steps at most.
        evaluation_steps: after so many steps, the held-out pairs are measured and a checkpoint is written.
        batch_pairs: pairs a step.
        context_tokens: most tokens of an example; None takes the model's context, up to `MOST_CONTEXT_TOKENS`.
        held_out_share: share of the texts that are held out; not used where other pairs are given for that.
        seed: of everything random.
        weight_decay: of matrices.
        gradient_norm: longer gradients are shortened to it.
    """

    full: bool = False
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    epochs: int = 2
    rate: float = 1e-4
    warmup_steps: int = 100
    evaluation_steps: int = 500
    batch_pairs: int = 16
    context_tokens: int | None = None
    held_out_share: float = 0.05
    seed: int = 1
    weight_decay: float = 0.01
    gradient_norm: float = 1.0

    def rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a step, counted from 0, of all steps: rises linearly in the warm-up, then falls to 0."""
        warmup = min(self.warmup_steps, int(steps * _LARGEST_WARMUP_SHARE))
        return self.rate * min((step + 1) / (warmup + 1), (steps - step) / (steps - warmup))

    def context_of(self, model_context_tokens: int | None) -> int:
        """Most tokens of an example for a model that reads so many at most, or, as T5 does, any number.

        Raises:
            BuildError: more are asked for than the model reads.

        """
        if model_context_tokens is None:
            return self.context_tokens or T5_CONTEXT_TOKENS
        if self.context_tokens is None:
            return min(model_context_tokens, MOST_CONTEXT_TOKENS)
        if self.context_tokens > model_context_tokens:
            raise BuildError(f"the model reads {model_context_tokens:,} tokens at most; lower --context-tokens to that")
        return self.context_tokens
