"""Attachments that grammar settles but a small parser may miss."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.grammar import CLAUSE_LINKS, Grammar
from briefd_server.engines.extractive.lexicon import CONDITIONS, REASONS, SPEAKING, THRESHOLDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_server.engines.extractive.reading import SentenceReading

_CONJUNCT, _NAME_PART, _MODIFIER = "conj", "flat", "nmod"
_LEADING = frozenset({"advmod", "mark"})
_STATEMENT = frozenset({"ccomp"})
_LOOSE = frozenset({"nummod", "obl", "obl:unmarked"})
# Words above a word that are looked at; no sentence that the treebanks train on is more than 16 deep.
_DEEPEST = 100


def repair(reading: SentenceReading) -> SentenceReading:
    """Hang words on what they nearly always belong to; a tree stays a tree."""
    for mend in _REPAIRS:
        reading = mend(reading)
    return reading


def attach_ranges(reading: SentenceReading) -> SentenceReading:
    """Hang the second end of a range on its first: in "between Port Ellery and the islands", "islands" on "Port".

    A parser that hangs it higher would let the range lose its first end ("the ferry and the islands"), one that reads
    "Port" and "Ellery" as two phrases its second ("between Port Ellery"), and so would one that hangs it on "Ellery".
    """
    heads, relations = list(reading.heads), list(reading.relations)
    conjuncts = [word for word, relation in enumerate(relations) if relation == _CONJUNCT]
    for preposition, word in enumerate(reading.words):
        first = heads[preposition]
        if word.lower() != "between" or first <= preposition:
            continue
        later = bisect_right(conjuncts, first)
        if later == len(conjuncts):
            continue
        second = conjuncts[later]
        if relations[heads[second]] == _NAME_PART and heads[heads[second]] == first:
            heads[second] = first
        # "We met, and between meetings we talked" is no range: "meetings" belongs to "talked" already.
        elif _may_be_below(heads, first, second):
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
            reading.words[qualifier].lower() in THRESHOLDS
            and heads[qualifier] == figure
            and reading.tags[figure] == "NUM"
            and reading.tags[noun] == "NOUN"
            and relations[figure] in _LOOSE
            and heads[figure] < noun
            and _may_be_below(heads, noun, heads[figure])
            and not _may_be_below(heads, noun, figure)
        ):
            heads[figure], relations[figure] = noun, _MODIFIER
    return replace(reading, heads=heads, relations=relations)


def attach_clauses(reading: SentenceReading) -> SentenceReading:
    """Hang an adverbial clause on the clause that it stands in.

    What follows an attribution is mostly part of what is reported: in "it grew, data showed, adding to pressure", what
    adds is the growth. And a clause belongs to the nearest clause before it, not to one before that: in "I found dust,
    so it needs care before it starts" what has to happen before is the care. The "so", read as part of what starts,
    goes with it.
    """
    heads = list(reading.heads)
    grammar = Grammar(reading)
    leftmost = grammar.leftmost()
    linked = _linked_clauses(grammar, reading)
    for word, relation in enumerate(reading.relations):
        head = heads[word]
        if relation != "advcl" or word < head:
            continue
        if grammar.is_attribution(head):
            heads[word] = head if _is_of_speaker(grammar, reading, word) else heads[head]
            continue
        nearest = _nearest_clause(grammar, linked.get(head, ()), word, leftmost[word]) or head
        before = [child for child in grammar.children[word] if child < nearest] if nearest != head else []
        if not any(grammar.lower[child] in CONDITIONS for child in before):
            for moved in (word, *before):
                heads[moved] = nearest
    return replace(reading, heads=heads)


def _is_of_speaker(grammar: Grammar, reading: SentenceReading, word: int) -> bool:
    """Whether a clause after an attribution says what the speaker did: "he is fine, she said, before she left"."""
    leading = (child for child in grammar.children[word] if child < word and reading.relations[child] in _LEADING)
    is_bound = any(grammar.lower[child] not in REASONS for child in leading)
    return is_bound or grammar.has(word, _STATEMENT) or grammar.lower[word] in SPEAKING


def _linked_clauses(grammar: Grammar, reading: SentenceReading) -> dict[int, list[int]]:
    """For every clause, those that are added to it after its head, in the text's order."""
    linked: dict[int, list[int]] = {}
    for word, relation in enumerate(reading.relations):
        if relation in CLAUSE_LINKS and reading.heads[word] < word and not grammar.is_attribution(word):
            linked.setdefault(reading.heads[word], []).append(word)
    return linked


def _nearest_clause(grammar: Grammar, clauses: Sequence[int], word: int, start: int) -> int | None:
    """Find the last of the clauses beside `word`'s own, which begins at `start`: before or in the midst of it."""
    is_clause = grammar.is_clause(word)
    before = (clauses[place] for place in reversed(range(bisect_left(clauses, word))))
    return next((each for each in before if start < each or (is_clause and grammar.is_clause(each))), None)


def _may_be_below(heads: Sequence[int], word: int, other: int) -> bool:
    """Whether `word` hangs on `other`; taken for granted where it hangs too deep to look."""
    for _ in range(_DEEPEST):
        if word in (other, heads[word]):
            return word == other
        word = heads[word]
    return True


_REPAIRS: tuple[Callable[[SentenceReading], SentenceReading], ...] = (attach_ranges, attach_figures, attach_clauses)
