"""Calibration: log-odds become probabilities that hold on average (Platt 1999, "Probabilistic Outputs for SVMs")."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NEWTON_STEPS = 100
_RIDGE = 1e-9
# Where the squared Newton decrement is less the cross entropy is within half of it of the least there is.
_LEAST_DECREMENT = 1e-8


def fit_calibration(log_odds: NDArray[np.floating], happened: NDArray[np.bool_]) -> tuple[float, float]:
    """Fit the slope and offset of calibrated log-odds by maximum likelihood.

    Newton's method with backtracking, and Platt's targets, as Lin, Lin and Weng 2007 give it, "A note on Platt's
    probabilistic outputs for support vector machines".

    Args:
        log_odds: [n], of events, n ≥ 1.
        happened: [n], whether they did.

    Returns:
        The slope, at least 0, and the offset; a slope of 0 where `log_odds` tell nothing.
    """
    inputs = np.column_stack([log_odds, np.ones_like(log_odds)]).astype(np.float64)
    count = happened.sum()
    # One more event of either kind than was seen, so that no probability is ever 0 or 1.
    targets = np.where(happened, (count + 1) / (count + 2), 1 / (len(happened) - count + 2))
    base = float(np.log((count + 1) / (len(happened) - count + 1)))
    weights = np.array([0.0, base])
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (probability - targets)
        curvature = (inputs * (probability * (1 - probability))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < _LEAST_DECREMENT:
            break
        weights = _descend(inputs, targets, weights, step)
    slope, offset = weights.tolist()
    return (slope, offset) if slope > 0 else (0.0, base)


def _descend(
    inputs: NDArray[np.float64], targets: NDArray[np.float64], weights: NDArray[np.float64], step: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Go down a step, or as much of it as makes the cross entropy smaller."""
    now = _cross_entropy(inputs @ weights, targets)
    for halvings in range(30):
        lower: NDArray[np.float64] = weights - step / 2**halvings
        if _cross_entropy(inputs @ lower, targets) < now:
            return lower
    return weights


def _cross_entropy(log_odds: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    return float((np.logaddexp(0, log_odds) - targets * log_odds).sum())


def calibration_error(probability: NDArray[np.floating], happened: NDArray[np.bool_], bins: int = 10) -> float:
    """Give the expected calibration error, 0 to 1, over bins of equally many events.

    Naeini, Cooper and Hauskrecht 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning".
    """
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    gaps = [len(part) * abs(probability[part].mean() - happened[part].mean()) for part in parts]
    return float(sum(gaps) / len(order))
