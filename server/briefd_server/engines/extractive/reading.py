"""What the encoder said of a sentence, as the word chooser uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SentenceReading:
    """One sentence, one entry a word; `heads[i] == i` marks the root.

    Attributes:
        words: the words as they stand in the text.
        heads: each word's head.
        relations: Universal Dependencies relation to the head, subtype included.
        tags: universal part-of-speech tags.
        salience: log-odds that a human summary of the document mentions the word.
        keep: log-odds that an editor keeps the word where its head is kept.
        prominence: log-odds that the sentence is prominent in its document.
    """

    words: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str]
    salience: NDArray[np.floating]
    keep: NDArray[np.floating]
    prominence: float

    def __len__(self) -> int:
        return len(self.words)
