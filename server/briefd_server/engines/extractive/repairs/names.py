"""Repairs of dates, ranges and thresholds."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs.moves import Move, may_be_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_LOOSE = frozenset({"nummod", "obl", "obl:unmarked"})
_CORE = frozenset({"nsubj", "nsubj:pass", "obj", "root", "nummod"})
_NUMBERING = frozenset(
    {"advmod", "appos", "dep", "discourse", "nmod", "nmod:unmarked", "nummod", "obl", "obl:unmarked"}
)
_SMALL = frozenset({"DET", "PRON"})
_NAMED = frozenset({"NOUN", "PROPN"})
_PREPOSITIONS = frozenset({"ADP", "SCONJ"})


def join_dates(tree: SentenceTree) -> Iterator[Move]:
    """Make a number and a month beside it one date: the "May" of "since 3 May must" is no auxiliary."""
    for month, form in enumerate(tree.words):
        is_misread = tree.tags[month] in {"AUX", "VERB"} and form[0].isupper()
        if not is_misread or tree.lower[month] not in tree.roles.months or tree.children[month]:
            continue
        beside = (day for day in (month - 1, month + 1) if 0 <= day < len(tree) and tree.words[day].isdigit())
        day = next(beside, None)
        if day is not None and (month, day) != (0, 1):
            yield from _join_date(tree, day, month)


def _join_date(tree: SentenceTree, day: int, month: int) -> Iterator[Move]:
    """Hang a month where its day hung, the day on it, and the preposition before both on the month."""
    top = tree.heads[day] if tree.heads[day] != month else tree.heads[month]
    relation = tree.relations[day]
    yield Move(month, top, "obl" if relation in _CORE else relation, "PROPN")
    yield Move(day, month, "nummod")
    before = min(day, month) - 1
    if before >= 0 and tree.tags[before] in _PREPOSITIONS:
        yield Move(before, month, "case")


def join_ranges(tree: SentenceTree) -> Iterator[Move]:
    """Hang the second end of a range on its first: in "between Port Ellery and the islands", "islands" on "Port".

    A parser that hangs it higher would let the range lose its first end ("the ferry and the islands"), one that reads
    "Port" and "Ellery" as two phrases its second ("between Port Ellery"), and so would one that hangs it on "Ellery".
    """
    heads, relations = tree.heads, tree.relations
    conjuncts = [word for word, relation in enumerate(relations) if relation == "conj"]
    for preposition, form in enumerate(tree.lower):
        first = heads[preposition]
        if form not in tree.roles.range_pairs or first <= preposition:
            continue
        later = bisect_right(conjuncts, first)
        if later == len(conjuncts):
            continue
        second = conjuncts[later]
        if relations[heads[second]] == "flat" and heads[heads[second]] == first:
            yield Move(second, first)
        # "We met, and between meetings we talked" is no range: "meetings" belongs to "talked" already.
        elif may_be_below(heads, first, second):
            continue
        elif heads[second] < preposition:
            yield Move(second, first)
        elif heads[second] == first + 1 and heads[first] == heads[first + 1] != first + 1:
            yield Move(first + 1, first, "flat")
            yield Move(second, first)


def join_thresholds(tree: SentenceTree) -> Iterator[Move]:
    """Hang a threshold on the noun right before it: "deaths among people over 80" is about people over 80."""
    for figure in range(2, len(tree)):
        noun, qualifier = figure - 2, figure - 1
        if (
            tree.lower[qualifier] in tree.roles.thresholds
            and tree.heads[qualifier] == figure
            and tree.tags[figure] == "NUM"
            and tree.tags[noun] == "NOUN"
            and tree.relations[figure] in _LOOSE
            and tree.heads[figure] < noun
            and may_be_below(tree.heads, noun, tree.heads[figure])
        ):
            yield Move(figure, noun, "nmod")


def join_numbers(tree: SentenceTree) -> Iterator[Move]:
    """Hang a number or a letter on the noun right before it: "pupils in years 7 to 9", "valve C"."""
    for word in range(1, len(tree)):
        is_apart = word in tree.separators or tree.tags[word - 1] not in _NAMED
        if is_apart or tree.heads[word] == word - 1 or tree.relations[word] not in _NUMBERING:
            continue
        if tree.tags[word] == "NUM" and tree.heads[word] < word - 1:
            yield Move(word, word - 1, "nmod:unmarked")
        elif _is_letter(tree.words[word]) and tree.tags[word] not in _SMALL:
            yield Move(word, word - 1, "flat")


def _is_letter(form: str) -> bool:
    letter = form.rstrip(".")
    return len(letter) == 1 and letter.isupper()
