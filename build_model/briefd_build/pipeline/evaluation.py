"""What a recipe says of its evaluation, where its kind asks for no more than that."""

from __future__ import annotations

from dataclasses import dataclass

from briefd_build.errors import BuildError
from briefd_build.pipeline.recipe import SOURCE


@dataclass(frozen=True)
class EvaluationTable:
    """A recipe's `[evaluation]`.

    Attributes:
        baseline: stage that quality is compared with.
        texts: evaluation texts, at least; all that there are, are read.
    """

    baseline: str = SOURCE
    texts: int = 200

    def check_count(self, count: int) -> None:
        """Refuse to evaluate on fewer texts; raises `BuildError`."""
        if count < self.texts:
            raise BuildError(
                f"there are {count:,} texts to evaluate on, and evaluation.texts asks for {self.texts:,}; add texts, "
                "or ask for fewer"
            )
