"""Training on the task's own labels: all weights, or LoRA's matrices beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.pipeline.model import Lesson

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work


@dataclass(frozen=True)
class Finetune:
    """See `Lesson` for the fields; without a seed the recipe's is taken."""

    epochs: int
    rate: float
    head_rate: float | None = None
    lora_rank: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        check_schedule(self.epochs, self.rate)

    def apply(self, model: Model, work: Work) -> str:
        """Train the model."""
        seed = work.seed if self.seed is None else self.seed
        lesson = Lesson(self.epochs, self.rate, self.head_rate, self.lora_rank, seed=seed)
        work.kind.train(model, lesson, None, work.folder / CHECKPOINT, work.report)
        work.kind.finish(model, work.report)
        trained = f"LoRA's matrices of rank {self.lora_rank}" if self.lora_rank else "all weights"
        return f"trained {trained} for {self.epochs} epochs on the task's labels"


CHECKPOINT = "training.checkpoint"


def check_schedule(epochs: int, rate: float) -> None:
    """Refuse schedules that train nothing or never end well; raises ValueError."""
    if epochs < 1:
        raise ValueError("epochs must be 1 or more")
    if not 0 < rate < 1:
        raise ValueError("rate must be above 0 and below 1; 0.0002 is usual")
