"""The proof-reader: how likely it is that a shortened sentence is sound, by all that the parser thinks of it.

It ranks the candidates of one sentence. It never ranks sentences: a sentence that is easy to shorten need not be one
that is worth telling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from briefd_server.engines.extractive.reading import SentenceReading


class Verdicts(NamedTuple):
    """What a proof-reader says of the candidates c of a sentence.

    Attributes:
        good: [c], P(no needed word is cut, what is kept hangs together, and nothing says something else), 0 to 1.
        confidence: [c], P(no needed word is cut), 0 to 1, calibrated; None where nothing is known.
    """

    good: NDArray[np.float64]
    confidence: NDArray[np.float64] | None


class ProofReader(Protocol):
    """Reads candidates of one sentence."""

    def read(self, reading: SentenceReading, kept: NDArray[np.bool_]) -> Verdicts:
        """Judge candidates by the words that they keep.

        Args:
            reading: of the sentence, n words.
            kept: [c, n], one candidate a row, each with at least one word.
        """


class NoProofReader:
    """For bundles without one: all candidates are equally good."""

    def read(self, reading: SentenceReading, kept: NDArray[np.bool_]) -> Verdicts:  # noqa: ARG002 - the protocol's
        """See `ProofReader`; nothing is read."""
        return Verdicts(np.ones(len(kept)), None)
