"""Readings of sentences, written by hand or drawn at random, in place of an encoder's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from briefd_server.engines.extractive.arcs import Arcs
from briefd_server.engines.extractive.reading import SentenceReading

_RELATIONS = (
    "acl acl:relcl advcl advmod amod appos aux case cc ccomp compound conj cop dep det discourse fixed flat list mark "
    "nmod nmod:poss nsubj nummod obj obl orphan parataxis xcomp"
).split()
_TAGS = "ADJ ADP ADV AUX CCONJ DET NOUN NUM PART PRON PROPN SCONJ SYM VERB X".split()
_WORDS = "and as bay be by fell he if it May more not of part police pump said than that the to two who 3 %".split()


def read_annotated(annotated: str, salience: float = 0.0, prominence: float = 0.0) -> SentenceReading:
    """Read "The/1/det/DET pump/2/nsubj/NOUN fell/2/root/VERB": word, head from 0, relation and tag."""
    fields = [token.rsplit("/", 3) for token in annotated.split()]
    count = len(fields)
    return SentenceReading(
        [field[0] for field in fields],
        [int(field[1]) for field in fields],
        [field[2] for field in fields],
        [field[3] for field in fields],
        np.full(count, salience),
        np.zeros(count),
        prominence,
    )


@st.composite
def trees(draw: st.DrawFn, most: int = 12) -> list[int]:
    """Draw the heads of a tree of 1 to `most` nodes, in any order; the root's head is itself."""
    count = draw(st.integers(1, most))
    order = draw(st.permutations(range(count)))
    heads = [0] * count
    heads[order[0]] = order[0]
    for place in range(1, count):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    return heads


@st.composite
def readings(draw: st.DrawFn, most: int = 25) -> SentenceReading:
    """Draw a reading whose words, relations and tags need not go together."""
    heads = draw(trees(most))
    count = len(heads)

    def each(choices: st.SearchStrategy) -> list:
        return draw(st.lists(choices, min_size=count, max_size=count))

    relations = each(st.sampled_from(_RELATIONS))
    relations = ["root" if heads[i] == i else relation for i, relation in enumerate(relations)]
    odds = st.floats(-8, 8)
    return SentenceReading(
        each(st.sampled_from(_WORDS)),
        heads,
        relations,
        each(st.sampled_from(_TAGS)),
        np.array(each(odds)),
        np.array(each(odds)),
        draw(odds),
    )


def sure_arcs(reading: SentenceReading) -> Arcs:
    """Give the arcs of a reading's tree, of which the parser is sure."""
    names = ("root", *_RELATIONS)
    words = np.arange(len(reading))
    relations = np.zeros((len(reading), len(names)), dtype=np.float32)
    relations[words, [names.index(relation) for relation in reading.relations]] = 1.0
    return Arcs(words, np.array(reading.heads), np.ones(len(reading), dtype=np.float32), relations, names)


@st.composite
def doubtful_readings(draw: st.DrawFn, most: int = 25) -> SentenceReading:
    """Draw a reading with arcs: for every word one to four heads, the tree's among them."""
    reading = draw(readings(most))
    count = len(reading)
    arcs = [
        (word, head)
        for word in range(count)
        for head in sorted({reading.heads[word], *draw(st.lists(st.integers(0, count - 1), max_size=3))})
    ]
    dependents, heads = (np.array(column) for column in zip(*arcs, strict=True))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = chance.exponential(size=len(arcs)) + 1e-3
    probabilities = weights / np.bincount(dependents, weights=weights)[dependents]
    names = ("root", *_RELATIONS)
    relations = chance.dirichlet(np.full(len(names), 0.1), size=len(arcs))
    found = Arcs(dependents, heads, probabilities.astype(np.float32), relations.astype(np.float32), names)
    return replace(reading, find_arcs=lambda: found)


@st.composite
def candidates(draw: st.DrawFn, word_count: int, most: int = 6) -> np.ndarray:
    """Draw which words candidates of a sentence keep, [c, n], at least one word each."""
    rows = st.sets(st.integers(0, word_count - 1), min_size=1).map(
        lambda words: [word in words for word in range(word_count)]
    )
    return np.array(draw(st.lists(rows, min_size=1, max_size=most)))
