"""What the sentences of a text are worth before their words are chosen: it tells which need the choosing at all."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.sentence_tree import CONTENT_TAGS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.offers import Offer
    from briefd_server.engines.extractive.reading import SentenceReading

    Standing = Callable[[Sequence[Offer]], "Prospects"]
    """Tells what each of a text's sentences is worth for being that one."""

# What is far below is flawed, and counted as such already.
_LEAST_TOTAL = -20.0


@dataclass(frozen=True, slots=True)
class Prospects:
    """What sentences are worth for being the one of their text, in units of value.

    Attributes:
        bases: [sentence] without its words' own worth.
        share: how much of that counts.
        least: a worth below counts as this one.
        most: a worth above counts as this one.
    """

    bases: Sequence[float]
    share: float
    least: float = _LEAST_TOTAL
    most: float = float("inf")

    def of(self, number: int, total: float) -> float:
        """Tell what a sentence is worth whose best words are worth `total`."""
        return self.bases[number] + self.share * min(max(total, self.least), self.most)

    def at_most(self, number: int, total: float) -> float:
        """Tell what a sentence is worth at most whose best words are worth `total` at most."""
        return self.of(number, total if self.share > 0 else self.least)

    def standings(self, totals: Sequence[float]) -> list[float]:
        """Tell what each sentence is worth, given what its best words are worth."""
        return [self.of(*each) for each in enumerate(totals)]


@dataclass(frozen=True, slots=True)
class StandingByCosts:
    """What sentences are worth by the rows of a bundle without fitted weights; see `standing.Standing`."""

    costs: Costs

    def __call__(self, offers: Sequence[Offer]) -> Prospects:
        """Tell what each sentence of a text is worth."""
        bases = [self._worth(offer, number) for number, offer in enumerate(offers)]
        return Prospects(bases, self.costs.words_share)

    def _worth(self, offer: Offer, number: int) -> float:
        costs = self.costs
        worth = costs.prominence * offer.reading.prominence - costs.position * log2(1 + number)
        return worth - costs.aside * offer.is_aside - costs.question * offer.is_question


def most_total(reading: SentenceReading, costs: Costs, most: int) -> float:
    """Tell in linear time what the best `most` words of a sentence are worth at most; mostly they are worth less."""
    by_tag = {tag: costs.word + costs.tags.get(tag, 0.0) for tag in set(reading.tags)}
    values = np.array([by_tag[tag] for tag in reading.tags])
    is_content = np.array([tag in CONTENT_TAGS for tag in reading.tags])
    values += costs.salience * np.where(is_content, reading.salience, 0.0)
    # An editor's liking for a cut may make it cost less than nothing.
    gains = -min(costs.prices.values()) - costs.keep * np.asarray(reading.keep)
    opening = costs.clause - min(costs.entries.values())
    return float(np.sort(values.clip(0))[-most:].sum() + gains.clip(0).sum() + max(0.0, opening))
