"""Training with a teacher: its outputs, hidden states and attention are targets beside the task's labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.pipeline.model import Lesson
from briefd_build.pipeline.stages.finetune import check_schedule

if TYPE_CHECKING:
    from briefd_build.pipeline.model import Model, Work


@dataclass(frozen=True)
class Distil:
    """See `Lesson` for most fields.

    Attributes:
        teacher: the stage that left the teacher, by name; `source` for the model that the recipe starts from.
        epochs: how often the training set is seen.
        rate: highest learning rate.
        seed: of the training; None: the recipe's.
        freeze_words: see `Lesson.freezes_words`.
    """

    teacher: str
    epochs: int
    rate: float
    head_rate: float | None = None
    labels: float = 1.0
    logits: float = 1.0
    states: float = 0.0
    attention: float = 0.0
    temperature: float = 1.0
    seed: int | None = None
    layer_decay: float = 1.0
    freeze_words: bool = False

    def __post_init__(self) -> None:
        check_schedule(self.epochs, self.rate, self.head_rate, self.seed, self.layer_decay)
        taught = (self.logits, self.states, self.attention)
        if min(self.labels, *taught) < 0 or not any(taught):
            raise ValueError(
                "give logits, states or attention a weight above 0: without them the teacher teaches nothing"
            )
        if self.temperature <= 0:
            raise ValueError("temperature must be above 0; 1 to 4 is usual")

    def apply(self, model: Model, work: Work) -> str:
        """Train the model with the teacher's help."""
        teacher = work.open_stage(self.teacher)
        lesson = Lesson(
            self.epochs, self.rate, self.head_rate, None, self.labels, self.logits, self.states, self.attention,
            self.temperature, work.seed if self.seed is None else self.seed, self.layer_decay, self.freeze_words,
        )  # fmt: skip
        work.train(model, lesson, teacher)
        return f"trained for {self.epochs} epochs, taught by {self.teacher}"
