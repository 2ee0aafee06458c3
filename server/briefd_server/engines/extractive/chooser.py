"""The choice of words: the best part of the best sentence, or of a run of short neighbours, exactly within the length.

Every sentence offers its best words for every size (`sentence_options`); across sentences, prominence and position
decide as well. Nothing is searched or sampled: the choice is the optimum of the table of `costs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, merge
from briefd_server.engines.extractive.sentence_options import SentenceOptions, is_flawed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.reading import SentenceReading


class Length(NamedTuple):
    """The asked length in words: 1 ≤ least ≤ most."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A sentence to choose from; `is_aside` marks headings, header lines, quotations and code."""

    reading: SentenceReading
    is_aside: bool
    is_question: bool


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Words of the sentences `[first, last)`; `sizes` says how many of each."""

    total: float
    first: int
    sizes: tuple[int, ...]


def standing(offer: Offer, number: int, costs: Costs) -> float:
    """Say what sentence `number` of a text, from 0, is worth for being this one, whichever of its words are kept."""
    worth = costs.prominence * offer.reading.prominence - costs.position * log2(1 + number)
    return worth - costs.aside * offer.is_aside - costs.question * offer.is_question


def choose(
    offers: Sequence[Offer], length: Length, costs: Costs, *, checkpoint: Callable[[], None] = lambda: None
) -> list[tuple[int, list[int]]]:
    """Choose the words of a summary.

    Args:
        offers: the text's sentences, in order, each with at least one word.
        length: how many words the summary is to have.
        costs: the table of weights.
        checkpoint: called before each sentence; what it raises ends the choice.

    Returns:
        For each sentence that the summary takes words from, in order: its number and the positions of the words. As
        many words in all as the length asks for, or every word there is where they are fewer.
    """
    if sum(len(offer.reading) for offer in offers) < length.least:
        return [(number, list(range(len(offer.reading)))) for number, offer in enumerate(offers)]
    options = []
    for offer in offers:
        checkpoint()
        options.append(SentenceOptions(offer.reading, costs, length.most))
    best = _best(offers, options, length, costs)
    if is_flawed(best.total):
        for option in options:
            option.add_fragments()
        best = _best(offers, options, length, costs)
    return [(best.first + place, options[best.first + place].words(size)) for place, size in enumerate(best.sizes)]


def _best(offers: Sequence[Offer], options: Sequence[SentenceOptions], length: Length, costs: Costs) -> _Candidate:
    standings = [standing(offer, number, costs) for number, offer in enumerate(offers)]
    candidates = [*_single_sentences(options, standings, length), *_runs(offers, options, standings, length, costs)]
    return max(candidates, key=lambda candidate: candidate.total)


def _single_sentences(
    options: Sequence[SentenceOptions], standings: Sequence[float], length: Length
) -> Iterator[_Candidate]:
    for number, option in enumerate(options):
        if len(option.totals) > length.least:
            size = _best_size(option.totals, length)
            yield _Candidate(option.totals[size] + standings[number], number, (size,))


def _best_size(totals: Sequence[float], length: Length) -> int:
    return max(range(length.least, len(totals)), key=totals.__getitem__)


def _runs(
    offers: Sequence[Offer],
    options: Sequence[SentenceOptions],
    standings: Sequence[float],
    length: Length,
    costs: Costs,
) -> Iterator[_Candidate]:
    """Join runs of neighbours that are too short alone: the shortest that is long enough, from every start."""
    for first in range(len(offers)):
        last, words = first, 0
        while last < len(offers) and words < length.least and len(offers[last].reading) < length.least:
            words += len(offers[last].reading)
            last += 1
        if words >= length.least:
            joint = fmean(standings[first:last]) - costs.join * (last - first - 1)
            yield _join(options[first:last], first, joint, length)


def _join(options: Sequence[SentenceOptions], first: int, joint: float, length: Length) -> _Candidate:
    totals = options[0].totals
    steps = []
    for option in options[1:]:
        totals, sizes = merge(totals, option.totals, dropped=IMPOSSIBLE, most=length.most)
        steps.append(sizes)
    size = _best_size(totals, length)
    total = totals[size]
    chosen = []
    for step in reversed(steps):
        chosen.append(step[size])
        size -= chosen[-1]
    return _Candidate(total + joint, first, (size, *reversed(chosen)))
