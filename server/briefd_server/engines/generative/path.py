"""The way that a decoding took: one step a token, each of which can be taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.sentence import SentenceSoFar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_server.engines.generative.model import Candidates
    from briefd_server.engines.generative.vocabulary import Vocabulary

CONSIDERED_COUNT = 16
"""Candidates of a step that are looked at. Half of those that a run of the model gives, so that a list out of which a
mask was filtered afterwards nearly always holds all that are looked at."""


class Choice(NamedTuple):
    """A candidate that may be taken: its token and kind, its logit, and the sentence with it."""

    token_id: int
    kind: int
    score: float
    so_far: SentenceSoFar


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the way: the sentence so far, and what the model would go on with.

    Attributes:
        so_far: The sentence so far.
        word_count: Words in it, the one that may still grow included.
        candidates: Continuations, best first.
        allowed: The kinds of candidates that may be taken.
        run_step: Index of the step whose token began the current run of characters.
        banned: Tokens that were tried here and led nowhere.
        token_id: The token that was taken from here, on all steps but the last.

    """

    so_far: SentenceSoFar
    word_count: int
    candidates: Candidates
    allowed: TokenKind
    run_step: int = 0
    banned: frozenset[int] = frozenset()
    token_id: int = -1

    def without(self, *token_ids: int) -> Step:
        """Return the step with more tokens banned."""
        return replace(self, banned=self.banned.union(token_ids))

    def at_run_end(self, allowed: TokenKind) -> Step:
        """Return the step where only tokens of the kinds given may be taken: the current word is whole."""
        return replace(self, allowed=self.allowed & allowed)

    def choices(self, vocabulary: Vocabulary, source: str) -> Iterator[Choice]:
        """Find the candidates that may be taken, best first."""
        scores = self.candidates.scores
        allowed = int(self.allowed)
        for rank, token_id in enumerate(self.candidates.token_ids[:CONSIDERED_COUNT].tolist()):
            if token_id in self.banned:
                continue
            kind = vocabulary.kind(token_id)
            if not kind & allowed:
                continue
            so_far: SentenceSoFar | None = self.so_far
            if kind != TokenKind.END:
                so_far = self.so_far.extend(vocabulary.piece(token_id), source)
            if so_far is not None:
                yield Choice(token_id, kind, float(scores[rank]), so_far)

    def grows_beyond_bounds(self, vocabulary: Vocabulary, source: str) -> bool:
        """Tell whether the model would go on with a word that is too long already, or begin to stutter."""
        if not self.so_far.run:
            return False  # What a single token says is no habit: `choices` passes it over where it is odd.
        best = self.candidates.token_ids[:1].tolist()
        if not best or best[0] in self.banned or vocabulary.kind(best[0]) != TokenKind.CONTINUATION:
            return False
        piece = vocabulary.piece(best[0])
        return self.so_far.is_full(source) or (isinstance(piece, str) and self.so_far.stutters_with(piece, source))


class Path:
    """The steps of a decoding, from the prompt to where it stands."""

    def __init__(self, first: Step, steps: tuple[Step, ...] = ()) -> None:
        self._steps = [*steps, first]

    @property
    def last(self) -> Step:
        """Where the decoding stands."""
        return self._steps[-1]

    @property
    def last_index(self) -> int:
        """Index of the last step: the number of tokens taken."""
        return len(self._steps) - 1

    def __getitem__(self, index: int) -> Step:
        return self._steps[index]

    def take(self, token_id: int, following: Step) -> None:
        """Take a token from the last step, to the one that follows."""
        self._steps[-1] = replace(self._steps[-1], token_id=token_id)
        self._steps.append(following)

    def replace_last(self, step: Step) -> None:
        """Put another step in the place of the last."""
        self._steps[-1] = step

    def take_back(self, index: int) -> None:
        """Go back to a step and ban the token that was taken from there.

        Where it began another word, something else may begin there: the word before stays whole.
        """
        step = self._steps[index].without(self._steps[index].token_id)
        if self._ends_run(index):
            step = step.at_run_end(~TokenKind.CONTINUATION)
        del self._steps[index:]
        self._steps.append(step)

    def cut(self, index: int) -> None:
        """Go back to a step."""
        del self._steps[index + 1 :]

    def branch(self, index: int, banned: frozenset[int]) -> Path:
        """Return a path that goes the same way to a step, where the tokens given are banned."""
        return Path(self._steps[index].without(*banned), tuple(self._steps[:index]))

    def shared_length(self, other: Path) -> int:
        """Return how many tokens the path begins with that another begins with too."""
        length = min(self.last_index, other.last_index)
        return next((index for index in range(length) if self[index].token_id != other[index].token_id), length)

    def run_ends(self, start: int = 0) -> Iterator[int]:
        """Find the steps from `start` on at which a run of characters is whole: the next token begins another."""
        return (index for index in range(start, self.last_index) if self._ends_run(index))

    def _ends_run(self, index: int) -> bool:
        return 0 < index < self.last_index and self._steps[index + 1].run_step == index
