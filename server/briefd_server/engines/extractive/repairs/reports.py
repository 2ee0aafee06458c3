"""Repairs of what is reported: "it is not true that it fell, he said"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs.moves import Move
from briefd_server.engines.extractive.sentence_tree import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_FRONTED = frozenset({"obl", "obl:unmarked", "advmod", "advcl"})
_OPENING = frozenset({"ADJ", "VERB", "NOUN"})


def hang_contents(tree: SentenceTree) -> Iterator[Move]:
    """Hang a clause with "that" on the word right before it: in "it is not true that it fell, he said" on "true"."""
    for word in _reported(tree):
        first = tree.leftmost[word]
        if not first or first in tree.separators or tree.relations[first] != "mark":
            continue
        if tree.tags[first - 1] in _OPENING:
            yield Move(word, first - 1)


def share_subjects(tree: SentenceTree) -> Iterator[Move]:
    """Give one of two subjects to what is reported: in "members lose their vote, the statutes say" to "lose"."""
    for verb in _reporting(tree):
        subjects = [child for child in tree.children[verb] if tree.relations[child] in SUBJECTS]
        reported = (child for child in tree.children[verb] if tree.relations[child] == "ccomp" and child < verb)
        bare = (
            word for word in reported if not tree.is_clause(word) and subjects and subjects[0] < tree.leftmost[word]
        )
        word = next(bare, None)
        if word is not None and len(subjects) > 1:
            yield Move(subjects[0], word)


def report_fronted(tree: SentenceTree) -> Iterator[Move]:
    """Take a clause before a closing "the city decided" for what is reported, not for a circumstance."""
    for word, relation in enumerate(tree.relations):
        head = tree.heads[word]
        if relation != "advcl" or head < word or tree.links[word]:
            continue
        reports = tree.lower[head] in tree.roles.reporting or tree.lower[head] in tree.roles.claiming
        is_inverted = tree.lower[tree.leftmost[word]] in tree.roles.inverting_auxiliaries
        if not reports or is_inverted or tree.rightmost[word] + 1 not in tree.separators:
            continue
        subject = tree.subjects[head]
        has_two = subject is not None and subject < tree.leftmost[word] and _has_subject_after(tree, head, word)
        if tree.is_clause(word) or has_two:
            yield Move(word, head, "ccomp")
        if not tree.is_clause(word) and has_two and subject is not None:
            yield Move(subject, word)


def end_with_report(tree: SentenceTree) -> Iterator[Move]:
    """Take the last word of ", a survey by the union shows" for a verb that reports what stands before it."""
    verb = len(tree) - 1
    first = max((word for word in tree.separators if word <= verb), default=0)
    root = next(word for word, head in enumerate(tree.heads) if word == head)
    is_report = tree.lower[verb] in tree.roles.reporting | tree.roles.claiming
    if not is_report or tree.tags[verb] != "NOUN" or not root < first < verb or not tree.is_clause(root):
        return
    preposition = next((word for word in range(first, verb) if tree.tags[word] == "ADP"), verb)
    subject = _last_noun(tree, first, preposition)
    if subject is None:
        return
    yield Move(verb, root, "parataxis", "VERB")
    yield Move(subject, verb, "nsubj")
    inner = _last_noun(tree, preposition, verb)
    if inner is not None:
        yield Move(inner, subject, "nmod")
    for word in range(first, verb):
        if word not in (subject, inner) and not first <= tree.heads[word] < verb:
            yield Move(word, subject if word < preposition or inner is None else inner)


def _last_noun(tree: SentenceTree, first: int, end: int) -> int | None:
    nouns = (word for word in range(end - 1, first - 1, -1) if tree.tags[word] in {"NOUN", "PROPN", "PRON"})
    return next(nouns, None)


def _has_subject_after(tree: SentenceTree, verb: int, word: int) -> bool:
    return any(child > word and tree.relations[child] in SUBJECTS for child in tree.children[verb])


def hang_fronted(tree: SentenceTree) -> Iterator[Move]:
    """Hang what stands before what is reported on that: in "at no time was it full, he said" the "at no time"."""
    for verb in _reporting(tree):
        fronted: list[int] = []
        for child in tree.children[verb]:
            if child < verb and tree.relations[child] == "ccomp":
                yield from (Move(word, child) for word in fronted if word < tree.leftmost[child])
                fronted.clear()
            elif tree.relations[child] in _FRONTED:
                fronted.append(child)


def _reporting(tree: SentenceTree) -> Iterable[int]:
    """List the verbs that report clauses before them, each once."""
    return dict.fromkeys(tree.heads[word] for word in _reported(tree))


def _reported(tree: SentenceTree) -> Iterator[int]:
    """List the clauses that stand before the verb that reports them."""
    return (word for word, relation in enumerate(tree.relations) if relation == "ccomp" and tree.heads[word] > word)
