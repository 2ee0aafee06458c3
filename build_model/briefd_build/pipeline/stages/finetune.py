"""Training on the task's own labels: all weights, or LoRA's matrices beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.pipeline.model import Lesson
from briefd_build.pipeline.recipe import MOST_SEED

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work


@dataclass(frozen=True)
class Finetune:
    """Fields as in `Lesson`; without a seed the recipe's is taken, and `freeze_words` is `Lesson.freezes_words`."""

    epochs: int
    rate: float
    head_rate: float | None = None
    lora_rank: int | None = None
    seed: int | None = None
    layer_decay: float = 1.0
    freeze_words: bool = False

    def __post_init__(self) -> None:
        check_schedule(self.epochs, self.rate, self.head_rate, self.seed, self.layer_decay)
        if self.lora_rank is not None and self.lora_rank < 1:
            raise ValueError("lora_rank must be 1 or more; leave it out to train all weights")

    def apply(self, model: Model, work: Work) -> str:
        """Train the model."""
        seed = work.seed if self.seed is None else self.seed
        lesson = Lesson(
            self.epochs, self.rate, self.head_rate, self.lora_rank, seed=seed, layer_decay=self.layer_decay,
            freezes_words=self.freeze_words,
        )  # fmt: skip
        work.train(model, lesson)
        trained = f"LoRA's matrices of rank {self.lora_rank}" if self.lora_rank else "all weights"
        return f"trained {trained} for {self.epochs} epochs on the task's labels"


def check_schedule(
    epochs: int, rate: float, head_rate: float | None, seed: int | None, layer_decay: float = 1.0
) -> None:
    """Refuse schedules that train nothing or never end well, and seeds that are none; raises ValueError."""
    if epochs < 1:
        raise ValueError("epochs must be 1 or more")
    if not 0 < rate < 1:
        raise ValueError("rate must be above 0 and below 1; 0.0002 is usual")
    if head_rate is not None and not 0 < head_rate < 1:
        raise ValueError("head_rate must be above 0 and below 1; 0.001 is usual")
    if seed is not None and not 0 <= seed <= MOST_SEED:
        raise ValueError(f"seed must be from 0 to {MOST_SEED}")
    if not 0 < layer_decay <= 1:
        raise ValueError("layer_decay must be above 0 and at most 1; 0.9 is usual, 1 for one rate for all layers")
