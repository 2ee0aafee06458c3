"""Repairs of clauses: each hangs on the clause that it stands in."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs.moves import Move
from briefd_server.engines.extractive.sentence_tree import CLAUSE_LINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_STRONG_STOP = ";"
# Words after a semicolon among which its clause's verb is looked for.
_REACH_AFTER_STOP = 30
_LEADING = frozenset({"advmod", "mark"})
_STATEMENT = frozenset({"ccomp"})


def hang_after_stops(tree: SentenceTree) -> Iterator[Move]:
    """Hang what follows a semicolon on what an attribution before it vouches for: "it holds, he said; it is full"."""
    for stop, mark in tree.separators.items():
        if mark != _STRONG_STOP:
            continue
        for word in range(stop, min(stop + _REACH_AFTER_STOP, len(tree))):
            head = tree.heads[word]
            if head < stop and tree.leftmost[word] == stop and tree.relations[head] == "parataxis":
                yield Move(word, tree.heads[head], "parataxis")


def hang_clauses(tree: SentenceTree) -> Iterator[Move]:
    """Hang an adverbial clause on the clause that it stands in.

    What follows an attribution is mostly part of what is reported: in "it grew, data showed, adding to pressure", what
    adds is the growth. And a clause belongs to the nearest clause before it, not to one before that: in "I found dust,
    so it needs care before it starts" what has to happen before is the care. The "so", read as part of what starts,
    goes with it.
    """
    linked = _linked_clauses(tree)
    for word, relation in enumerate(tree.relations):
        head = tree.heads[word]
        if relation != "advcl" or word < head:
            continue
        if tree.is_attribution(head):
            if not _is_of_speaker(tree, word):
                yield Move(word, tree.heads[head])
            continue
        nearest = linked[head].nearest(tree, word) if head in linked else None
        if nearest is None:
            continue
        before = [child for child in tree.children[word] if child < nearest]
        if not any(tree.lower[child] in tree.roles.conditions for child in before):
            yield from (Move(moved, nearest) for moved in (word, *before))


def _is_of_speaker(tree: SentenceTree, word: int) -> bool:
    """Whether a clause after an attribution says what the speaker did: "he is fine, she said, before she left"."""
    leading = (child for child in tree.children[word] if child < word and tree.relations[child] in _LEADING)
    is_bound = any(tree.lower[child] not in tree.roles.reasons for child in leading)
    return is_bound or tree.has(word, _STATEMENT) or tree.lower[word] in tree.roles.speaking


class _Linked:
    """What is added to a clause after its head, in the text's order; `clauses` are those with subjects of their own."""

    def __init__(self) -> None:
        self.words: list[int] = []
        self.clauses: list[int] = []

    def nearest(self, tree: SentenceTree, word: int) -> int | None:
        """Find the last of them that stands in the midst of `word`'s clause or, both being clauses, before it."""
        last = _last_before(self.words, word)
        if last is not None and tree.leftmost[word] < last:
            return last
        return _last_before(self.clauses, word) if tree.is_clause(word) else None


def _linked_clauses(tree: SentenceTree) -> dict[int, _Linked]:
    """For every clause, what is added to it."""
    linked: dict[int, _Linked] = {}
    for word, relation in enumerate(tree.relations):
        if relation in CLAUSE_LINKS and tree.heads[word] < word and not tree.is_attribution(word):
            added = linked.setdefault(tree.heads[word], _Linked())
            added.words.append(word)
            if tree.is_clause(word):
                added.clauses.append(word)
    return linked


def _last_before(words: Sequence[int], word: int) -> int | None:
    place = bisect_left(words, word)
    return words[place - 1] if place else None


def hang_after_relative_clauses(tree: SentenceTree) -> Iterator[Move]:
    """Hang a phrase after a relative clause on its verb: in "all who paid since May" the "since May" on "paid"."""
    last: dict[int, int] = {}
    for word, (head, relation) in enumerate(zip(tree.heads, tree.relations, strict=True)):
        if relation.startswith("acl") and head < word:
            last[head] = word
        elif relation == "nmod" and head in last:
            first = tree.leftmost[word]
            if first == tree.rightmost[last[head]] + 1 and first not in tree.separators:
                yield Move(word, last[head], "obl")
