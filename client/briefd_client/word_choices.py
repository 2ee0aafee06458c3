"""Which words of a text a summary kept, and why; part of `briefd_client.results`, whose conventions hold here too."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Polarity(str, Enum):
    """What a place in a sentence allows to be left out, by natural logic."""

    UP = "up"
    """What is left without a restriction follows: "a pump in hall 3 stopped" says that a pump stopped."""
    DOWN = "down"
    """What is left without a restriction claims more: "no pump in hall 3 stopped" does not say that no pump stopped."""
    NONE = "none"
    """Nothing follows without a restriction, as under "exactly three"."""


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `text[start:end]` of the text that was sent, in code points."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordChoice:
    """Why a word of the text was kept or dropped.

    Attributes:
        span: Where the word stands in the text.
        kept: Whether the summary has the word.
        rule: Name of the rule that decided, as `negation` or `price:amod`.
        polarity: What the word's place allows to be left out.
        serves: The word that this one belongs to by the rule; `None` where the rule looks at this word alone.
    """

    span: Span
    kept: bool
    rule: str
    polarity: Polarity | None
    serves: Span | None
