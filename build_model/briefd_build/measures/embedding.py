"""Likeness of meaning: the cosine of sentences' embeddings, which all-MiniLM-L6-v2 was trained for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import torch

from briefd_build.base_model import find_base
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from briefd_build.base_model import BaseModel

_LOGGER = logging.getLogger(__name__)
# Beyond these the published model does not read.
_MOST_PIECES = 256


class Embedder(Protocol):
    """Tells how alike sentences are."""

    def similarities(self, sentences: Sequence[str], other: str) -> list[float]:
        """Give the cosine of each sentence with another, -1 to 1; none where it can't be told."""


class NoEmbedder:
    """In place of a model that is not to be had: the metric is left out."""

    def similarities(self, sentences: Sequence[str], other: str) -> list[float]:  # noqa: ARG002 - the protocol's
        """Tell nothing."""
        return []


class SentenceEmbedder:
    """Embeds sentences with an encoder: the mean of its last states over all pieces, of length 1.

    What it embedded is kept: references come again with every stage.
    """

    def __init__(self, base: BaseModel) -> None:
        self._tokenizer = base.load_tokenizer()
        self._tokenizer.enable_truncation(_MOST_PIECES)
        self._encoder = base.load_encoder().eval()
        self._kept: dict[str, Tensor] = {}

    def similarities(self, sentences: Sequence[str], other: str) -> list[float]:
        """See `Embedder`."""
        self.embed([*sentences, other])
        return [float(self._kept[sentence] @ self._kept[other]) for sentence in sentences]

    def embed(self, sentences: Sequence[str]) -> None:
        """Embed sentences at once: some hundred are a good batch."""
        new = sorted(set(sentences) - self._kept.keys(), key=len)
        if not new:
            return
        encoded = [self._tokenizer.encode(sentence).ids for sentence in new]
        longest = max(map(len, encoded))
        ids = torch.tensor([each + [0] * (longest - len(each)) for each in encoded])
        mask = torch.tensor([[1] * len(each) + [0] * (longest - len(each)) for each in encoded])
        with torch.inference_mode():
            states = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        means = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        self._kept.update(zip(new, torch.nn.functional.normalize(means), strict=True))


def find_embedder() -> Embedder:
    """Load the embedder, or give one that tells nothing, with a warning, where its weights are not to be had."""
    try:
        return SentenceEmbedder(find_base())
    except BuildError as error:
        _LOGGER.warning("embedding similarity is left out: %s", error)
        return NoEmbedder()
