"""The sentences that a path could end as, and which of them is best."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.path import CONSIDERED_COUNT
from briefd_server.engines.generative.stopping import closed, fits_as_stop, is_sentence, stem_of, stop_penalty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from briefd_server.engines.generative.path import Path, Step
    from briefd_server.engines.generative.vocabulary import Vocabulary


class Ending(NamedTuple):
    """A sentence that might be the answer, and how far it is from what the model wanted, in logits; never above 0."""

    score: float
    text: str


class Endings:
    """Finds the sentences of `least` to `most` words that a path could end as."""

    def __init__(self, vocabulary: Vocabulary, least: int, most: int) -> None:
        self._vocabulary = vocabulary
        self._least = least
        self._most = most

    def at(self, step: Step) -> Ending | None:
        """Return the sentence that ends at a step, at no cost; None where that is not what was asked for."""
        text = closed(step.so_far.text, self.stop_at(step, step.so_far.text))
        return Ending(0.0, text) if not step.so_far.pending and self.is_asked_for(text) else None

    def best(self, path: Path, run_ends: Iterable[int]) -> Ending | None:
        """Return the sentence that ends where the model was nearest to stopping, of the places given."""
        endings = sorted(
            (self._forced_at(path, index) for index in run_ends if path[index].word_count >= self._least),
            key=lambda ending: -ending.score,
        )
        return next((ending for ending in endings if self.is_asked_for(ending.text)), None)

    def _forced_at(self, path: Path, index: int) -> Ending:
        step = path[index]
        stem = stem_of(step.so_far.text)
        # A stop would have come before the comma, not after it.
        while len(path[index].so_far.text.strip(" ")) > len(stem) and index > step.run_step + 1:
            index -= 1
        if path[index].so_far.text.strip(" ") == stem:
            step = path[index]
        return Ending(step.candidates.end_margin + stop_penalty(stem), closed(stem, self.stop_at(step, stem)))

    def stop_at(self, step: Step, stem: str) -> str:
        """Return the stop that the model likes best here, or nothing where it has none among the best."""
        for token_id in step.candidates.token_ids[:CONSIDERED_COUNT].tolist():
            if self._vocabulary.kind(token_id) == TokenKind.STOP:
                stop = str(self._vocabulary.piece(token_id))
                if fits_as_stop(stop, stem):
                    return stop
        return ""

    def is_asked_for(self, text: str) -> bool:
        """Tell whether a text is what was asked for."""
        return is_sentence(text, self._least, self._most)
