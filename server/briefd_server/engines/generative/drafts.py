"""Prompt lookup: what a summary copies from its text is read in one run of the model instead of one a token.

Where the last tokens written stand in the prompt, the tokens that follow them there are a draft of what comes next
(A. Saxena, "Prompt Lookup Decoding", 2023). The model reads the draft in one run, which costs little more than one
token as the weights are read once, and the decoding then asks for one token after another as ever: as long as it takes
what was drafted, the answers are there already. So the sentence is the same with drafts and without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.generative.model import CANDIDATE_COUNT, Candidates, TokenKind
from briefd_server.engines.generative.path import CONSIDERED_COUNT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from briefd_server.engines.generative.model import LanguageModel


def with_drafts(
    model: LanguageModel, prompt_ids: Sequence[int], draft_tokens: int, kinds: npt.NDArray[np.uint8]
) -> LanguageModel:
    """Let a model read up to `draft_tokens` tokens ahead.

    Args:
        model: Has read the prompt; its cache needs room for `draft_tokens` more tokens than the sentence takes.
        prompt_ids: The tokens among which to look: the text's, or the whole prompt's.
        draft_tokens: At most how many tokens a draft has; 0 for none.
        kinds: uint8 `[vocabulary]`, the kind of each token.

    """
    return _DraftingModel(model, np.asarray(prompt_ids, np.int64), draft_tokens, kinds) if draft_tokens else model


class _DraftingModel:
    """A model that answers from what it has read ahead where it can."""

    def __init__(
        self,
        model: LanguageModel,
        prompt_ids: npt.NDArray[np.int64],
        draft_tokens: int,
        kinds: npt.NDArray[np.uint8],
    ) -> None:
        self._model = model
        self._prompt_ids = prompt_ids
        self._draft_tokens = draft_tokens
        self._kinds = kinds
        self._start = model.position
        self._written: list[int] = []
        # Tokens that the model has read after those written, and the candidates after each of them.
        self._ahead: list[tuple[int, Candidates]] = []

    @property
    def position(self) -> int:
        return self._start + len(self._written)

    def rewind(self, position: int) -> None:
        self._ahead.clear()
        del self._written[max(0, position - self._start) :]
        self._start = min(self._start, position)

    def advance(self, token_ids: Sequence[int], allowed: TokenKind) -> Candidates:
        candidates = self._answer_from_ahead(token_ids, allowed)
        if candidates is not None:
            self._written.extend(token_ids)
            return candidates
        self._rewind_model()
        self._written.extend(token_ids)
        # Whole words are asked for when all else failed, and then every candidate counts.
        draft = [] if allowed == TokenKind.WORD else self._find_draft()
        candidates = self._read_ahead(token_ids, draft, allowed) if draft else None
        return self._model.advance(token_ids, allowed) if candidates is None else candidates

    def verify(self, token_ids: Sequence[int]) -> Sequence[Candidates]:
        self._rewind_model()
        self._written.extend(token_ids)
        return self._model.verify(token_ids)

    def _rewind_model(self) -> None:
        self._ahead.clear()
        if self._model.position != self.position:
            self._model.rewind(self.position)

    def _answer_from_ahead(self, token_ids: Sequence[int], allowed: TokenKind) -> Candidates | None:
        if not self._ahead or [self._ahead[0][0]] != list(token_ids):
            return None
        return self._filter(self._ahead.pop(0)[1], allowed)

    def _read_ahead(self, token_ids: Sequence[int], draft: list[int], allowed: TokenKind) -> Candidates | None:
        position = self._model.position
        after = self._model.verify([*token_ids, *draft])[len(token_ids) - 1 :]
        candidates = self._filter(after[0], allowed)
        if candidates is None:
            self._model.rewind(position)
        else:
            self._ahead = list(zip(draft, after[1:], strict=True))
        return candidates

    def _filter(self, candidates: Candidates, allowed: TokenKind) -> Candidates | None:
        """Return what a run with the mask of `allowed` would have; None where too few candidates are left to tell."""
        is_allowed = (self._kinds[candidates.token_ids] & np.uint8(allowed)) != 0
        if is_allowed.all():
            return candidates
        is_cut = len(is_allowed) == CANDIDATE_COUNT and np.count_nonzero(is_allowed) < CONSIDERED_COUNT
        if allowed == TokenKind.WORD or is_cut:
            return None
        return Candidates(candidates.token_ids[is_allowed], candidates.scores[is_allowed], candidates.end_margin)

    def _find_draft(self) -> list[int]:
        """Find the last three tokens written in the prompt, or else the last two, and return what follows there."""
        prompt_ids, written = self._prompt_ids, self._written
        if len(written) < 2:
            return []
        matches = np.flatnonzero((prompt_ids[1:-1] == written[-1]) & (prompt_ids[:-2] == written[-2]))
        if not len(matches):
            return []
        longer = matches[prompt_ids[matches - 1] == written[-3]] if len(written) > 2 else matches
        following = (longer if len(longer) else matches)[0] + 2
        draft: list[int] = prompt_ids[following : following + self._draft_tokens].tolist()
        return draft
