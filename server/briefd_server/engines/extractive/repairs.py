"""Attachments that grammar settles but a small parser may miss."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.grammar import Grammar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_server.engines.extractive.reading import SentenceReading

_CONJUNCT, _NAME_PART, _MODIFIER = "conj", "flat", "nmod"
_CLAUSES = frozenset({_CONJUNCT, "parataxis"})
_THRESHOLDS = frozenset({"above", "below", "over", "under"})
_LOOSE = frozenset({"nummod", "obl", "obl:unmarked"})


def repair(reading: SentenceReading) -> SentenceReading:
    """Hang words on what they belong to, where grammar leaves no doubt; a tree stays a tree."""
    for mend in _REPAIRS:
        reading = mend(reading)
    return reading


def attach_ranges(reading: SentenceReading) -> SentenceReading:
    """Hang the second end of a range on its first: in "between Port Ellery and the islands", "islands" on "Port".

    A parser that hangs it higher would let the range lose its first end ("the ferry and the islands"), one that reads
    "Port" and "Ellery" as two phrases its second ("between Port Ellery"), and so would one that hangs it on "Ellery".
    """
    heads, relations = list(reading.heads), list(reading.relations)
    for preposition, word in enumerate(reading.words):
        first = heads[preposition]
        if word.lower() != "between" or first <= preposition:
            continue
        second = _first_conjunct_after(reading, first)
        if second is None:
            continue
        if relations[heads[second]] == _NAME_PART and heads[heads[second]] == first:
            heads[second] = first
        # "We met, and between meetings we talked" is no range: "meetings" belongs to "talked" already.
        elif _is_below(heads, first, second):
            continue
        elif heads[second] < preposition:
            heads[second] = first
        elif heads[second] == first + 1 and heads[first] == heads[first + 1] != first + 1:
            heads[first + 1], relations[first + 1] = first, _NAME_PART
            heads[second] = first
    return replace(reading, heads=heads, relations=relations)


def attach_figures(reading: SentenceReading) -> SentenceReading:
    """Hang a threshold on the noun right before it: "deaths among people over 80" is about people over 80."""
    heads, relations = list(reading.heads), list(reading.relations)
    for figure in range(2, len(reading)):
        noun, qualifier = figure - 2, figure - 1
        if (
            reading.words[qualifier].lower() in _THRESHOLDS
            and heads[qualifier] == figure
            and reading.tags[figure] == "NUM"
            and reading.tags[noun] == "NOUN"
            and relations[figure] in _LOOSE
            and heads[figure] < noun
            and _is_below(heads, noun, heads[figure])
        ):
            heads[figure], relations[figure] = noun, _MODIFIER
    return replace(reading, heads=heads, relations=relations)


def attach_clauses(reading: SentenceReading) -> SentenceReading:
    """Hang an adverbial clause on the clause that it stands in.

    Nothing hangs on an attribution but what names it: in "it grew, data showed, adding to pressure", what adds is the
    growth. And a clause belongs to the nearest clause before it, not to one before that: in "I found dust, so it needs
    care before it starts" what has to happen before is the care. The "so", read as part of what starts, goes with it.
    """
    heads = list(reading.heads)
    grammar = Grammar(reading)
    for word, relation in enumerate(reading.relations):
        head = heads[word]
        if relation != "advcl" or word < head:
            continue
        if grammar.is_attribution(head):
            heads[word] = heads[head]
            continue
        nearest = _nearest_clause(grammar, reading, head, word)
        for moved in (word, *(child for child in grammar.children[word] if child < nearest != head)):
            heads[moved] = nearest
    return replace(reading, heads=heads)


def _nearest_clause(grammar: Grammar, reading: SentenceReading, head: int, word: int) -> int:
    """Find the last clause beside `word` that hangs on `head`, before `word`'s own or in its midst; or else `head`."""
    start = min(other for other in range(len(reading)) if _is_below(reading.heads, other, word))
    beside = [
        child
        for child in grammar.children[head]
        if head < child < word
        and reading.relations[child] in _CLAUSES
        and not grammar.is_attribution(child)
        and (start < child or (grammar.is_clause(child) and grammar.is_clause(word)))
    ]
    return max(beside, default=head)


def _first_conjunct_after(reading: SentenceReading, word: int) -> int | None:
    later = range(word + 1, len(reading))
    return next((place for place in later if reading.relations[place] == _CONJUNCT), None)


def _is_below(heads: Sequence[int], word: int, other: int) -> bool:
    while word not in (other, heads[word]):
        word = heads[word]
    return word == other


_REPAIRS: tuple[Callable[[SentenceReading], SentenceReading], ...] = (
    attach_ranges,
    attach_figures,
    attach_clauses,
)
