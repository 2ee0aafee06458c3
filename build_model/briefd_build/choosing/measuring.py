"""How often the sentence that stands highest is the one that people picked."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.choosing.learning import FEATURE_NAMES, MESSAGES, learn_weights
from briefd_build.choosing.picked import PICKED
from briefd_build.choosing.rating import LENGTH
from briefd_server.engines.extractive.prospects import StandingByCosts

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from briefd_build.choosing.learning import Example
    from briefd_server.engines.extractive.costs import Costs

    Scorer = Callable[[Example], NDArray[np.float64]]

_FOLDS = 5
_EQUAL = 1e-9


@dataclass(frozen=True)
class Shares:
    """Of the texts of a group, the share whose best sentence stands highest: by the costs' rows, and as learned."""

    count: int
    before: float
    learned: float


def measure(examples: Mapping[str, Sequence[Example]], weights: Mapping[str, float], costs: Costs) -> dict[str, Shares]:
    """Measure learned weights on texts that they were not learned from, by group."""
    return {group: _shares(members, by_costs(costs), by_weights(weights)) for group, members in examples.items()}


def cross_validate(examples: dict[str, list[Example]], costs: Costs) -> dict[str, Shares]:
    """Measure the texts that a reader marked, each by weights learned without its fold of them, by genre.

    Some of them are messages, which stand among the examples with our own marks too: those are left out with the fold.
    """
    picked = sorted(examples[PICKED], key=lambda example: example.text.source.order)
    learned: dict[str, Scorer] = {}
    for fold in range(_FOLDS):
        held_out = {each.text.source.identifier for each in picked[fold::_FOLDS]}
        others = {group: _without(examples[group], held_out) for group in (PICKED, MESSAGES)}
        scorer = by_weights(learn_weights({**examples, **others}, costs))
        learned |= dict.fromkeys(held_out, scorer)
    genres: dict[str, list[Example]] = {PICKED: picked}
    for each in picked:
        genres.setdefault(f"{PICKED}: {each.text.source.genre}", []).append(each)

    def by_fold(example: Example) -> NDArray[np.float64]:
        return learned[example.text.source.identifier](example)

    return {genre: _shares(members, by_costs(costs), by_fold) for genre, members in genres.items()}


def _without(examples: Iterable[Example], identifiers: Collection[str]) -> list[Example]:
    return [each for each in examples if each.text.source.identifier not in identifiers]


def by_costs(costs: Costs) -> Scorer:
    """Score sentences by the rows of a bundle without learned weights."""
    standing = StandingByCosts(costs)
    return lambda example: np.array(standing(example.text.offers).standings(example.text.totals))


def by_weights(weights: Mapping[str, float]) -> Scorer:
    """Score sentences by learned weights."""
    column = np.array([weights[name] for name in FEATURE_NAMES])
    return lambda example: np.asarray(example.features @ column)


def _shares(examples: Sequence[Example], before: Scorer, learned: Scorer) -> Shares:
    return Shares(len(examples), _share(examples, before), _share(examples, learned))


def _share(examples: Iterable[Example], scorer: Scorer) -> float:
    hits = [is_best(example, pick(example, scorer(example))) for example in examples]
    return fmean(hits) if hits else float("nan")


def pick(example: Example, scores: NDArray[np.float64]) -> int:
    """Give the sentence that stands highest, of those that are long enough alone where there are any."""
    is_long_enough = np.array([len(offer.reading) >= LENGTH.least for offer in example.text.offers])
    return int(np.argmax(np.where(is_long_enough, scores, -np.inf) if is_long_enough.any() else scores))


def is_best(example: Example, sentence: int) -> bool:
    """Tell whether no sentence of the text is a better choice."""
    quality = example.text.quality
    return bool(quality[sentence] > quality.max() - _EQUAL)
