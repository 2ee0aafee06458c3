"""Rules of negation: without these words the sentence says the opposite."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from briefd_server.engines.extractive.rules.view import SentenceView


def is_negation(view: SentenceView, word: int) -> bool:
    """Tell a negation: "not", "never", "hardly"."""
    return view.tree.relations[word] != "cc" and view.tree.is_negation(word)


def heads_negative_phrase(view: SentenceView, word: int) -> bool:
    """Tell the head of a negation of several words: "no longer", "at no time"."""
    negative, head = view.phrases.negative, view.tree.heads[word]
    if not negative:
        return False
    if word in negative and head not in view.phrases.mates(word):
        return True
    return any(child in negative and head in view.phrases.mates(child) for child in view.tree.children[word][:3])


def is_negated_phrase(view: SentenceView, word: int) -> bool:
    """Tell a phrase whose "no" denies the whole: "in no case", "for no reason"."""
    # "Without a lifeguard" is a circumstance, or a condition.
    if (
        view.tree.relations[word] not in {"obl", "obl:unmarked", "advmod"}
        or view.tree.links[word] & view.roles.absences
    ):
        return False
    return any(view.tree.is_negation(child) for child in view.tree.children[word] if child < word)


def denies_what_is_said(view: SentenceView, word: int) -> bool:
    """Tell an aside that denies what it stands beside: "he is rich, they falsely claim"."""
    forms = view.tree.child_forms[word] | {view.tree.lower[word]}
    return view.tree.relations[word] == "parataxis" and not forms.isdisjoint(view.roles.denying_frames)


def is_second_of_pair(view: SentenceView, word: int) -> bool:
    """Tell the second of an announced pair: "both … and", "neither … nor", "whether … or"."""
    tree, head = view.tree, view.tree.heads[word]
    if view.roles.correlatives.isdisjoint(tree.child_forms[head]):
        return False
    return word == tree.conjuncts[head][0] and not tree.is_clause(word)
