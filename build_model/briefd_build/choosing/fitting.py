"""A conditional logit (McFadden 1974, "Conditional logit analysis of qualitative choice behavior") over sentences.

Each text is one choice among its sentences: the probability of a sentence is the softmax of its features' weighted sum
over the text. The loss is the cross-entropy against the wanted distribution, with an L2 penalty on the weights of
standardized features; it is convex, and Newton's method minimizes it in a few steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_MOST_STEPS = 50
_SMALLEST_STEP = 1e-6


@dataclass(frozen=True)
class Choice:
    """One text: features [sentence, feature], the wanted distribution over its sentences, and how much it counts."""

    features: Floats
    wanted: Floats
    weight: float


def fit_weights(choices: Sequence[Choice], penalty: float) -> Floats:
    """Fit the weights of the features, as they are given (not standardized).

    Args:
        choices: the texts; their weights count by their share of the sum.
        penalty: of half the squared weights of the standardized features, against the mean loss of a text.
    """
    features = np.concatenate([choice.features for choice in choices])
    deviations = features.std(axis=0)
    scales = np.where(deviations > 0, deviations, np.inf)  # a feature that never varies gets no weight
    problem = _Problem(choices, features / scales)
    weights = np.zeros(features.shape[1])
    for _ in range(_MOST_STEPS):
        gradient, curvature = problem.derivatives(weights)
        solved = np.linalg.solve(curvature + penalty * np.eye(len(weights)), gradient + penalty * weights)
        step = np.asarray(solved, dtype=np.float64)
        weights -= problem.damped(np.asarray(step, dtype=float))
        if np.abs(step).max() < _SMALLEST_STEP:
            break
    return np.asarray(weights / scales)


class _Problem:
    """The sentences of all texts in one array, and where each text starts."""

    def __init__(self, choices: Sequence[Choice], features: Floats) -> None:
        counts = [len(choice.wanted) for choice in choices]
        shares = np.array([choice.weight for choice in choices])
        self._starts = np.cumsum([0, *counts[:-1]])
        self._text = np.repeat(np.arange(len(counts)), counts)
        self._shares = shares / shares.sum()
        self._features = features
        self._wanted = np.concatenate([choice.wanted for choice in choices])

    def derivatives(self, weights: Floats) -> tuple[Floats, Floats]:
        """Give the gradient [feature] and the Hessian [feature, feature] of the mean loss."""
        given = self._probabilities(weights)
        share = self._shares[self._text]
        gradient = self._features.T @ (share * (given - self._wanted))
        means = np.add.reduceat(self._features * given[:, None], self._starts)
        second = (self._features * (share * given)[:, None]).T @ self._features
        return gradient, second - (means * self._shares[:, None]).T @ means

    def damped(self, step: Floats) -> Floats:
        """Shorten a step that would move a sentence's score by more than a probability can tell."""
        most = float(np.abs(self._features @ step).max())
        return step if most <= _MOST_CHANGE else step * (_MOST_CHANGE / most)

    def _probabilities(self, weights: Floats) -> Floats:
        scores = self._features @ weights
        scores -= np.maximum.reduceat(scores, self._starts)[self._text]
        exponentials = np.exp(scores)
        return np.asarray(exponentials / np.add.reduceat(exponentials, self._starts)[self._text])


_MOST_CHANGE = 20.0
