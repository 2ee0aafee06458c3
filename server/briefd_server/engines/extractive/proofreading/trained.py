"""A proof-reader that `brief-build proof-read` trained: one hidden layer over the features of a candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from briefd_server.engines.extractive.proofreading import Verdicts
from briefd_server.engines.extractive.proofreading.features import FEATURES, measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.reading import SentenceReading

LEAST_STANDARDIZED, MOST_STANDARDIZED = -5.0, 5.0
"""Standardized features lie between these: a sentence that is out of all measure is judged like a long one."""
# Candidates are read at once as long as they have no more words together.
_WORDS_AT_ONCE = 1 << 18
_REBUILD = "rebuild the bundle"


@dataclass(frozen=True)
class Network:
    """Weights of a proof-reader with F features and H hidden units.

    Attributes:
        means: [F], of the features.
        deviations: [F], standard ones, above 0.
        hidden: [F + 1, H], the last row being biases.
        output: [H + 1, 2], the last row being biases; the first column tells log-odds that a candidate is good, the
            second that no needed word is cut.
        calibration: what turns the second log-odds x into those of `confidence`: slope (0 or more) · x + offset.
    """

    means: NDArray[np.float32]
    deviations: NDArray[np.float32]
    hidden: NDArray[np.float32]
    output: NDArray[np.float32]
    calibration: tuple[float, float] = (1.0, 0.0)

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the log-odds of both outputs, not calibrated: [c, 2] for features [c, F]."""
        units = np.tanh(self.standardize(features) @ self.hidden[:-1] + self.hidden[-1])
        log_odds: NDArray[np.float32] = units @ self.output[:-1] + self.output[-1]
        return log_odds

    def standardize(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Bring features to a mean of 0 and a deviation of 1, within bounds."""
        standardized: NDArray[np.float32] = (features - self.means) / self.deviations
        return standardized.clip(LEAST_STANDARDIZED, MOST_STANDARDIZED)

    @classmethod
    def from_json(cls, table: object) -> Network:
        """Read the weights of a manifest.

        Raises:
            ValueError: they are for other features than this version measures, or no weights.
        """
        if not isinstance(table, dict) or table.get("features") != list(FEATURES):
            raise ValueError(f"the proof-reader was trained on other features; {_REBUILD} with this version")
        count = len(FEATURES)
        hidden = _numbers(table, "hidden", (count + 1, -1))
        slope, offset = _numbers(table, "calibration", (2,)).tolist()
        network = cls(
            _numbers(table, "means", (count,)),
            _numbers(table, "deviations", (count,)),
            hidden,
            _numbers(table, "output", (hidden.shape[1] + 1, 2)),
            (slope, offset),
        )
        if network.deviations.min() <= 0 or slope < 0:
            raise ValueError(f"the proof-reader's deviations and slope must not be negative; {_REBUILD}")
        return network

    def to_json(self) -> dict[str, Any]:
        """Write the weights for a manifest, to five digits."""
        tables = {name: getattr(self, name) for name in ("means", "deviations", "hidden", "output", "calibration")}
        return {"features": list(FEATURES), **{name: _rounded(np.asarray(rows)) for name, rows in tables.items()}}


class TrainedProofReader:
    """Reads candidates with a trained network; see `ProofReader`."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def read(self, reading: SentenceReading, kept: NDArray[np.bool_]) -> Verdicts:
        """See `ProofReader`; a whole sentence is good for certain.

        Raises:
            ValueError: no encoder's outputs are behind the reading.
        """
        if reading.find_arcs is None:
            raise ValueError("a proof-reader needs a reading with arcs")
        is_whole = kept.all(axis=1)
        if is_whole.all():
            return Verdicts(np.ones(len(kept)), np.ones(len(kept)))
        arcs = reading.find_arcs()
        at_once = max(1, _WORDS_AT_ONCE // len(reading))
        batches = [kept[first : first + at_once] for first in range(0, len(kept), at_once)]
        log_odds = np.concatenate([self._network.log_odds(measure(reading, arcs, batch)) for batch in batches])
        slope, offset = self._network.calibration
        good, confidence = (
            np.where(is_whole, 1.0, probability(each)) for each in (log_odds[:, 0], slope * log_odds[:, 1] + offset)
        )
        return Verdicts(good, confidence)


def probability(log_odds: NDArray[np.floating]) -> NDArray[np.float64]:
    """Turn log-odds into probabilities, whatever their size."""
    probabilities: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -log_odds.astype(np.float64)))
    return probabilities


def _numbers(table: dict[str, Any], name: str, shape: Sequence[int]) -> NDArray[np.float32]:
    try:
        numbers = np.array(table[name], dtype=np.float32).reshape(shape)
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"the proof-reader's {name} must be numbers in rows as its features ask; {_REBUILD}") from None
    if not np.isfinite(numbers).all() or not numbers.size:
        raise ValueError(f"the proof-reader's {name} must be finite numbers; {_REBUILD}")
    return numbers


def _rounded(rows: NDArray[np.floating]) -> list[Any]:
    return [_rounded(row) if row.ndim else float(f"{row:.5g}") for row in rows]
