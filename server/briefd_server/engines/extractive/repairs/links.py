"""Repairs of the small words that open a phrase: each hangs on the head of what follows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs.moves import DEEPEST, Move

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_NOMINAL = frozenset({"NOUN", "NUM", "PRON", "PROPN"})


def hang_conjunctions(tree: SentenceTree) -> Iterator[Move]:
    """Hang a conjunction that opens a conjunct on that conjunct: in "above the mark but 30 cm below" on "cm"."""
    for word, relation in enumerate(tree.relations):
        if relation == "cc" and tree.heads[word] > word:
            top = _climb(tree, tree.heads[word], word, stop="conj")
            if tree.relations[top] == "conj":
                yield Move(word, top)


def hang_prepositions(tree: SentenceTree) -> Iterator[Move]:
    """Hang a preposition on what follows it: in "61% compared with 74%" the "with" on the second figure."""
    for word, relation in enumerate(tree.relations):
        following = word + 1
        is_turned = relation == "case" and tree.tags[word] == "ADP" and tree.heads[word] < word
        if not is_turned or following == len(tree) or following in tree.separators:
            continue
        top = _climb(tree, following, following, tags=_NOMINAL)
        if tree.tags[top] in _NOMINAL:
            yield Move(word, top)


def hang_places(tree: SentenceTree) -> Iterator[Move]:
    """Hang an adverb before a bare pronoun on that: in "both villages below it were cleared" the "below" on "it"."""
    for word, relation in enumerate(tree.relations[:-1]):
        following = word + 1
        is_bare = tree.relations[following] in {"nmod", "obl"} and not tree.links[following]
        is_place = tree.lower[word] in tree.roles.place_links and relation == "advmod"
        if is_place and is_bare and tree.tags[following] == "PRON" and following not in tree.separators:
            yield Move(word, following, "case", "ADP")


def _climb(tree: SentenceTree, word: int, first: int, stop: str = "", tags: frozenset[str] = frozenset()) -> int:
    """Climb to the top of the phrase that begins at `first`, to the relation `stop` in it, or up to other tags."""
    for _ in range(DEEPEST):
        head = tree.heads[word]
        if tags and tree.tags[word] in tags and tree.tags[head] not in tags:
            break
        if tree.relations[word] == stop or head in (word, first - 1) or tree.leftmost[head] != first:
            break
        word = head
    return word
