"""The gold-tree proxy: what a shortened sentence lost, by the tree that linguists gave the whole one.

An answer is judged by the words that it takes from its sentence, not by how it reads: cheap, the same for every bundle,
and strict where `gold_arcs` is. Share of faulty answers and a reader's opinion go together; they are not the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from briefd_build.evaluation.answers import kept_words, summarize
from briefd_build.evaluation.gold_arcs import GoldArcs, Harm
from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.wilson import Share

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_server.engines.base import Engine

LEAST_WORDS, MOST_WORDS = 20, 60
"""Words of the sentences that are judged: shorter ones need few cuts, or none; longer ones (7 of 640) are lists."""
KINDS = ("needed", "unconnected", "meaning")
"""Kinds of faults, as `Faults` has them."""


@dataclass(frozen=True)
class Faults:
    """Positions of a sentence's words at which an answer is at fault, each list in order.

    Attributes:
        needed: dropped words that a kept head needs.
        unconnected: kept words without a kept head, all but the one that most of what is kept hangs on.
        meaning: dropped words without which what is kept says something else, and a kept root that the sentence does
            not assert.
        links: dropped words that linked a kept root to its dropped head: no fault, but what a first version of the
            measure took for one.
    """

    needed: tuple[int, ...] = ()
    unconnected: tuple[int, ...] = ()
    meaning: tuple[int, ...] = ()
    links: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any fault."""
        return bool(self.needed or self.unconnected or self.meaning)

    def names(self) -> tuple[str, ...]:
        """Name the kinds that there are."""
        return tuple(kind for kind in KINDS if getattr(self, kind))


def measure_gold_trees(engine: Engine, trees: Iterable[ParsedSentence]) -> Outcome:
    """Judge an engine's answers, of the usual length, to the long ones of these sentences, each given alone."""
    examples = tuple(_example(engine, str(number), tree) for number, tree in enumerate(judged_sentences(trees)))
    figures = {"any fault": Share.of(example.faults for example in examples)}
    figures |= {name: Share.of(name in example.faults for example in examples) for name in KINDS}
    figures["any fault or link"] = Share.of(example.faults or "links" in example.notes for example in examples)
    return Outcome(dict(figures), examples)


def judged_sentences(trees: Iterable[ParsedSentence]) -> list[ParsedSentence]:
    """Choose the sentences whose length makes an answer cut."""
    return [tree for tree in trees if LEAST_WORDS <= len(tree.words) <= MOST_WORDS]


def _example(engine: Engine, number: str, tree: ParsedSentence) -> Example:
    summary = summarize(engine, tree.text)
    faults = judge(tree, kept_words(tree.text, summary))
    notes = {kind: [_arc(tree, word) for word in getattr(faults, kind)] for kind in (*KINDS, "links")}
    return Example(
        number, tree.text, summary.text, faults.names(), {kind: words for kind, words in notes.items() if words}
    )


def _arc(tree: ParsedSentence, word: int) -> str:
    return f"{tree.words[word]} <-{tree.relations[word]}- {tree.words[tree.heads[word]]}"


def judge(tree: ParsedSentence, kept: Collection[int]) -> Faults:
    """Judge which words of a sentence an answer keeps.

    Args:
        tree: gold tree of the sentence.
        kept: positions of the kept words, from 0.

    Returns:
        The faults; none for no words, and none for all words.
    """
    words = set(kept)
    if not words:
        return Faults()
    arcs = _arcs(tree)
    roots = _roots(tree, words)
    dropped = [word for word, head in enumerate(tree.heads) if word not in words and head in words]
    # A phrase whose head is dropped loses the word that linked it to that head.
    links = [word for word in dropped if tree.heads[word] in roots and arcs.is_link(word)]
    lost = [word for word in dropped if word not in links]
    unasserted = [roots[0]] if roots[0] not in arcs.statements else []
    return Faults(
        tuple(word for word in lost if arcs.harms[word] is Harm.BREAKS),
        tuple(sorted(roots[1:])),
        tuple(sorted([*unasserted, *(word for word in lost if arcs.harms[word] is Harm.BENDS)])),
        tuple(word for word in links if arcs.harms[word] is Harm.BREAKS),
    )


def _roots(tree: ParsedSentence, words: set[int]) -> list[int]:
    """Find the kept words without a kept head; first the one that most kept words hang on, the first among equals."""
    sizes = dict.fromkeys(sorted(words), 0)
    for word in words:
        top = word
        while tree.heads[top] in words and tree.heads[top] != top:
            top = tree.heads[top]
        sizes[top] += 1
    return sorted((word for word, size in sizes.items() if size), key=lambda word: (-sizes[word], word))


# A trainer judges many candidates of one sentence, one after the other.
@lru_cache(maxsize=256)
def _arcs(tree: ParsedSentence) -> GoldArcs:
    return GoldArcs(tree)
