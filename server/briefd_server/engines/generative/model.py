"""The seam between the language model and the decoding: what a run of the model takes and gives.

The decoding never sees a row of logits. The model applies the mask of the allowed kinds inside its graph and hands back
the few best continuations.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

CANDIDATE_COUNT = 32
"""How many continuations a run of the model gives at most: `K` of the shapes below."""


class TokenKind(IntFlag):
    """What a token does to a sentence; each token of a vocabulary has exactly one kind, and a mask allows several."""

    WORD = 1
    """One blank, then letters and digits only: begins a word and leaves nothing open."""
    OPENING = 2
    """One blank, then anything else that may stand in a sentence: a bracket, a dash, a part of a character, nothing."""
    CONTINUATION = 4
    """No blank, holds a letter, a digit or the first bytes of a character: goes on with the run it stands in."""
    PUNCTUATION = 8
    """No blank, no letter, no digit, and ends no sentence."""
    STOP = 16
    """Punctuation whose last mark, before closing quotes and brackets, may end a sentence."""
    END = 32
    """End-of-text, or a line break: the model is done."""
    FRAGMENT = 64
    """Begins with the later bytes of a character that another token began."""
    FORBIDDEN = 128
    """Never written: special tokens, control characters, blanks within, bytes that are no text."""

    TEXT = WORD | OPENING | CONTINUATION | PUNCTUATION | STOP
    """Whatever may follow a whole character inside a sentence."""
    ANY = TEXT | END | FRAGMENT
    """Everything that is ever allowed: the mask of `LanguageModel.verify`."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The best continuations after a token.

    Attributes:
        token_ids: int64 `[K]`, best first; only tokens of allowed kinds, so fewer than `CANDIDATE_COUNT` where there
            are fewer.
        scores: float32 `[K]`, their raw logits, falling.
        end_margin: The best logit among tokens of the kinds `STOP` and `END` less the best logit of all, neither masked
            (but among the tokens that a shortlist keeps): never positive, and 0 where the model would stop here.

    """

    token_ids: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float32]
    end_margin: float


class LanguageModel(Protocol):
    """A model with the prompt of one call in its cache; every run may raise `CallStopped`."""

    @property
    def position(self) -> int:
        """Tokens in the cache: the prompt and what was read after it."""

    def advance(self, token_ids: Sequence[int], allowed: TokenKind) -> Candidates:
        """Read one or more tokens after those in the cache.

        Returns:
            The best continuations after the last of them, of the allowed kinds only. There are some of the kind `WORD`
            whenever that is allowed, whatever part of the vocabulary a shortlist keeps.

        """

    def verify(self, token_ids: Sequence[int]) -> Sequence[Candidates]:
        """Read tokens in one run; return the best continuations after each of them, of the kinds `TokenKind.ANY`."""

    def rewind(self, position: int) -> None:
        """Forget everything after the first `position` tokens, at once: the cache is a fixed buffer."""
