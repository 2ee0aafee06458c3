"""What may be cut from a sentence, rule by rule.

The arcs of a tree are judged by a table of named rules (`table`); the first that applies decides. A rule keeps a word
with its head, at one of eight grades (`grades`); what no rule keeps has a price (`prices`). The rules ask for roles and
relations (https://universaldependencies.org/en/), never for words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.extractive.rules.prices import price as price_of
from briefd_server.engines.extractive.rules.table import rules_for
from briefd_server.engines.extractive.rules.view import SentenceView

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading

__all__ = ["Rules", "Ruling"]


class Ruling(NamedTuple):
    """What decides on cutting a word: the rule's name, and a grade or the name of a price."""

    rule: str
    price: str


class Rules:
    """The rulings on one sentence; `view` is what they look at, `is_denied` whether a line above it denies it."""

    def __init__(self, reading: SentenceReading, *, is_denied: bool = False) -> None:
        self.view = SentenceView(reading, is_denied=is_denied)
        self.tree, self.polarity, self.roles = self.view.tree, self.view.polarity, self.view.roles

    def ruling(self, word: int) -> Ruling:
        """Decide on cutting `word`, and all that hangs on it, off its head."""
        for rule in rules_for(self.tree.relations[word]):
            if rule.applies(self.view, word):
                return Ruling(rule.name, rule.grade)
        name = self.price(word)
        return Ruling(f"price:{name}", name)

    def price(self, word: int) -> str:
        """Name the price of cutting `word`, whether a rule keeps it or not."""
        return price_of(self.view, word)
