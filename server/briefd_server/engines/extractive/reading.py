"""What the encoder said of a sentence, as the word chooser uses it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from briefd_server.engines.extractive.arcs import Arcs


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
        separators: the marks that part words (comma, semicolon, colon, dash, bracket), by the word they stand before.
        quotations: the first and the last word of what stands between quotation marks.
        language: folder of the language's data (see `briefd_server.languages`).
        find_arcs: tells what the parser thinks of the sentence's arcs; takes as long as reading its window again where
            its outputs were given up. None where no encoder's outputs are behind the reading.
    """

    words: Sequence[str]
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str]
    salience: NDArray[np.floating]
    keep: NDArray[np.floating]
    prominence: float
    separators: Mapping[int, str] = field(default_factory=dict)
    quotations: tuple[tuple[int, int], ...] = ()
    language: str = "en"
    find_arcs: Callable[[], Arcs] | None = field(default=None, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.words)
