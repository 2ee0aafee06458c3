"""Repairs of conditions and of words that point at what stands before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs.moves import Move
from briefd_server.engines.extractive.sentence_tree import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_NOMINAL = frozenset({"NOUN", "NUM", "PRON", "PROPN"})
# A condition by word order stands before the first comma, which is looked for among the first words.
_LONGEST_CONDITION = 20


def hang_inverted(tree: SentenceTree) -> Iterator[Move]:
    """Hang a condition told by word order on its clause: "Were the dam to break," is often read as two subjects."""
    end = next((place for place in range(2, min(len(tree), _LONGEST_CONDITION)) if place in tree.separators), None)
    if end is None or tree.lower[0] not in tree.roles.inverting_auxiliaries:
        return
    tops = [word for word in range(end) if tree.heads[word] >= end]
    main = _clause_after(tree, end)
    predicate = _inverted_predicate(tree, end)
    if main < end or predicate is None or [predicate] == tops or tree.lower[main] in tree.roles.inverting_auxiliaries:
        return
    yield Move(predicate, main, "advcl")
    for top in sorted({0, *tops} - {predicate}):
        is_subject = tree.tags[top] in _NOMINAL and top < predicate
        yield Move(top, predicate, "aux" if top == 0 else "nsubj" if is_subject else None)


def _clause_after(tree: SentenceTree, end: int) -> int:
    """Find the verb of the first subject after the comma, or else the root."""
    subjects = (word for word in range(end, len(tree)) if tree.relations[word] in SUBJECTS and tree.heads[word] >= end)
    first = next(subjects, None)
    return tree.heads[first] if first is not None else next(w for w, head in enumerate(tree.heads) if head == w)


def _inverted_predicate(tree: SentenceTree, end: int) -> int | None:
    """Find the verb of a condition: the one with a "to", or else the first."""
    verbs = [word for word in range(1, end) if tree.tags[word] == "VERB"]
    of_purpose = [verb for verb in verbs if tree.links[verb] & tree.roles.infinitives]
    return next(iter(of_purpose or verbs), None)


def hang_focus(tree: SentenceTree) -> Iterator[Move]:
    """Hang an "only" before a comma on what stands before it: "on Mondays and Fridays only, from nine"."""
    for word in range(1, len(tree) - 1):
        is_parted = word + 1 in tree.separators and word not in tree.separators
        if tree.lower[word] in tree.roles.focus_adverbs and is_parted and tree.heads[word] > word:
            before = word - 1
            if tree.tags[before] in _NOMINAL:
                yield Move(word, before, "advmod")


def hang_focus_of_clauses(tree: SentenceTree) -> Iterator[Move]:
    """Hang an "only" before a clause's first word on that clause: "it helps only when the two are apart"."""
    for word in range(len(tree) - 1):
        if tree.lower[word] not in tree.roles.focus_adverbs or word + 1 in tree.separators:
            continue
        opens_clause = tree.lower[word + 1] in tree.roles.time_links | tree.roles.conditions
        clause = tree.heads[word + 1]
        if opens_clause and tree.relations[clause].startswith("advcl") and clause > word + 1:
            yield Move(word, clause, "advmod")


def hang_condition_phrases(tree: SentenceTree) -> Iterator[Move]:
    """Hang the beginning of "so long as" on the clause that its "as" introduces."""
    for phrase in tree.roles.condition_phrases:
        for first in _starts(tree, phrase):
            last = first + len(phrase) - 1
            clause = tree.heads[last]
            if tree.relations[last] == "mark" and clause > last:
                yield from (Move(word, clause, "mark") for word in range(first, last))


def _starts(tree: SentenceTree, phrase: Sequence[str]) -> Iterator[int]:
    for first, form in enumerate(tree.lower):
        if form == phrase[0] and tuple(tree.lower[first : first + len(phrase)]) == tuple(phrase):
            yield first
