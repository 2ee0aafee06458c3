"""What a measure finds: figures, and the texts behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from briefd_build.evaluation.wilson import Share

Figure = Share | int | float


@dataclass(frozen=True)
class Example:
    """How one text was answered.

    Attributes:
        id: of the text within the measure.
        text: that was summarized.
        given: the answer.
        faults: names of what is wrong with it; empty where nothing is.
        notes: what else a reader needs to see why.
    """

    id: str
    text: str
    given: str
    faults: tuple[str, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a measure finds of a bundle.

    Attributes:
        figures: by name, in the order in which they are shown.
        examples: the texts in their order; none where the measure has none, or they must not be shown.
        parts: the first figure, of every kind of text.
    """

    figures: dict[str, Figure]
    examples: tuple[Example, ...] = ()
    parts: dict[str, Share] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Give figures and parts, shares with their intervals."""
        both = {**self.figures, **self.parts}
        return {name: value.to_json() if isinstance(value, Share) else value for name, value in both.items()}

    def with_faults(self, count: int) -> dict[str, list[Example]]:
        """Give the first `count` examples of every fault, by its name."""
        found: dict[str, list[Example]] = {}
        for example in self.examples:
            for fault in example.faults:
                found.setdefault(fault, []).append(example)
        return {fault: examples[:count] for fault, examples in sorted(found.items())}
