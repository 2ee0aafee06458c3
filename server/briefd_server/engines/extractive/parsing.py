"""From the encoder's outputs to a tree and a reading for every sentence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from briefd_server.engines.extractive.arcs import JOINT, ROOT, join_arcs, probable_arcs, tree_arcs
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.tree import best_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.arcs import Arcs
    from briefd_server.engines.extractive.pieces import Window
    from briefd_server.engines.extractive.session import WindowReading


# Of a sentence that fills more windows than these the other arcs are those of its tree: nobody waits for a whole text
# to be read again, for a sentence of a thousand words.
_MOST_PARTS = 4


@dataclass(frozen=True)
class Labels:
    """The names behind the encoder's output channels, in order; `relations` includes `root`."""

    relations: tuple[str, ...]
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """The words of one sentence in one window; `heads` count from the sentence's part in this window, `span`."""

    sentence: int
    window: int
    span: slice
    heads: NDArray[np.int64]
    relations: NDArray[np.int64]
    tags: NDArray[np.int64]
    salience: NDArray[np.float32]
    keep: NDArray[np.float32]
    prominence: NDArray[np.float32]

    def of_sentence(self) -> _Part:
        """Give what the arcs of its sentence need of it."""
        return _Part(self.window, self.span, self.heads, self.relations)


class _Part(NamedTuple):
    """What is kept of a block for the arcs of its sentence."""

    window: int
    span: slice
    heads: NDArray[np.int64]
    relations: NDArray[np.int64]


def read_sentences(
    windows: Iterable[tuple[Window, WindowReading]],
    words: Sequence[Sequence[str]],
    labels: Labels,
    again: Callable[[int], WindowReading] | None = None,
) -> list[SentenceReading]:
    """Make a reading of every sentence.

    Args:
        windows: the windows in order, with what the encoder said of them.
        words: the words of each sentence.
        labels: names of the output channels.
        again: gives what the encoder said of the window of a number, from 0, for readings that are asked for arcs.
    """
    blocks: list[list[_Block]] = [[] for _ in words]
    root = labels.relations.index(ROOT)
    for number, (window, reading) in enumerate(windows):
        for block in _blocks(number, window, reading, root):
            blocks[block.sentence].append(block)
    return [_join(parts, sentence, labels, again) for parts, sentence in zip(blocks, words, strict=True)]


def _blocks(number: int, window: Window, reading: WindowReading, root: int) -> Iterable[_Block]:
    sentences = window.sentences
    firsts = np.flatnonzero(np.diff(sentences, prepend=-1)).tolist()
    spans = [slice(first, last) for first, last in zip(firsts, [*firsts[1:], len(sentences)], strict=True)]
    heads = np.concatenate([span.start + best_tree(reading.arc_scores[span, span]) for span in spans])
    scores = np.einsum("ilr,ilr->il", reading.relation_dependents, reading.relation_heads[heads])
    relations = _relations(scores[:, :-1], heads, root)
    tags = reading.tag_scores.argmax(axis=1)
    for span in spans:
        yield _Block(
            int(sentences[span.start]),
            number,
            span,
            heads[span] - span.start,
            relations[span],
            tags[span],
            reading.salience[span],
            scores[span, -1],
            reading.prominence[span],
        )


def _relations(scores: NDArray[np.float32], heads: NDArray[np.int64], root: int) -> NDArray[np.int64]:
    """Pick the best relation of each word, `root` for the roots and for them alone."""
    scores[:, root] = -np.inf
    relations: NDArray[np.int64] = scores.argmax(axis=1)
    relations[heads == np.arange(len(heads))] = root
    return relations


def _join(
    parts: Sequence[_Block],
    words: Sequence[str],
    labels: Labels,
    again: Callable[[int], WindowReading] | None,
) -> SentenceReading:
    heads: list[int] = []
    relations: list[str] = []
    root = None
    for part in parts:
        first = len(heads)
        heads.extend((part.heads + first).tolist())
        relations.extend(labels.relations[relation] for relation in part.relations.tolist())
        own_root = first + int(np.flatnonzero(part.heads == np.arange(len(part.heads)))[0])
        if root is None:
            root = own_root
        else:
            heads[own_root], relations[own_root] = root, JOINT
    return SentenceReading(
        words,
        heads,
        relations,
        [labels.tags[tag] for part in parts for tag in part.tags.tolist()],
        np.concatenate([part.salience for part in parts]),
        np.concatenate([part.keep for part in parts]),
        float(np.mean(np.concatenate([part.prominence for part in parts]))),
        find_arcs=again and partial(_find_arcs, [part.of_sentence() for part in parts], labels, again, root or 0),
    )


def _find_arcs(parts: Sequence[_Part], labels: Labels, again: Callable[[int], WindowReading], root: int) -> Arcs:
    """Tell the arcs of a sentence from the windows that it stands in; `root` is its tree's."""
    names = labels.relations
    told = [probable_arcs(again(part.window), part.span, names) for part in parts[:_MOST_PARTS]]
    told += [tree_arcs(part.heads, part.relations, names) for part in parts[_MOST_PARTS:]]
    return told[0] if len(told) == 1 else join_arcs(told, [len(part.heads) for part in parts], root)
