"""The classifier engine: an encoder reads the text window by window, and a softmax gives each label its probability.

The logits of a long text are the mean of its windows', weighted by their pieces: a window that holds the short rest of
a text says less of the whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.base import Classification, LabelScore, Stage
from briefd_server.text.language import guess_language
from briefd_server.text.words import blank_terminal_escapes, count_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.base import CallContext
    from briefd_server.engines.classifier.parameters import Parameters
    from briefd_server.engines.classifier.session import ClassifierSession
    from briefd_server.engines.classifier.windows import WindowEncoder


class ClassifierEngine:
    """Tells which label a text belongs under; see `Classifier` for the seam."""

    def __init__(
        self, encoder: WindowEncoder, session: ClassifierSession, parameters: Parameters, thread_count: int
    ) -> None:
        self._encoder = encoder
        self._session = session
        self._parameters = parameters
        self._thread_count = thread_count

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""
        return self._thread_count

    def classify(self, text: str, call: CallContext) -> Classification:
        """Classify one text, all of it; raises `CallStopped` once the call was stopped."""
        with call.stage(Stage.TOKENIZE):
            text = blank_terminal_escapes(text)
            windows = self._encoder.encode(text)
            call.checkpoint()
            words_read = count_words(text)
        with call.stage(Stage.INFERENCE):
            probabilities = softmax(self._logits(windows, call))
        return Classification(
            labels=self._ranked(probabilities),
            words_read=words_read,
            language=guess_language(text, self._parameters.language),
        )

    def _logits(self, windows: Sequence[NDArray[np.int64]], call: CallContext) -> NDArray[np.float64]:
        last_of_many = windows[-1] if len(windows) > 1 else None
        read = [self._session.read(window, call, is_last_of_many=window is last_of_many) for window in windows]
        return np.average(np.stack(read).astype(np.float64), axis=0, weights=[len(window) for window in windows])

    def _ranked(self, probabilities: NDArray[np.float64]) -> tuple[LabelScore, ...]:
        best_first = np.argsort(-probabilities, kind="stable")
        return tuple(LabelScore(self._parameters.labels[number], float(probabilities[number])) for number in best_first)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn logits [C] into probabilities [C], which sum to 1.

    Raises:
        FloatingPointError: a logit is not finite.

    """
    if not np.isfinite(logits).all():
        raise FloatingPointError("the model gave a logit that is no number")
    powers = np.exp(logits - logits.max())
    probabilities: NDArray[np.float64] = powers / powers.sum()
    return probabilities
