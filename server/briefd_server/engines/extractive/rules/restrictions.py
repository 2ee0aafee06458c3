"""Rules of restriction: without these words the sentence says more than the text (see `polarity`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import UP
from briefd_server.engines.extractive.rules.meaning import is_linked_condition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.rules.view import SentenceView

_NESTING = frozenset("acl acl:relcl advcl advcl:relcl amod nmod".split())
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})
_NOUNS = frozenset({"NOUN", "PRON", "PROPN"})
_REACH = 12  # words before the second half in which its condition is looked for: it bounds the time, and wasn't tuned
_CLIMB = 3


def is_alternative(view: SentenceView, word: int) -> bool:
    """Tell one of several possibilities, where it is open which: "5 or 10 mg", "pay or leave"."""
    if view.tree.child_forms[word].isdisjoint(view.roles.alternatives):
        return False
    return view.polarity.joins(word) == UP


def is_put_in_its_place(view: SentenceView, word: int) -> bool:
    """Tell what holds in the place of what is denied: "not in the arm but under the skin".

    The denial is true without it, so that it is not part of a joint condition.
    """
    is_contrast = not view.tree.child_forms[word].isdisjoint(view.roles.contrasts)
    return is_contrast and view.polarity.joins(word) != UP and not view.tree.is_clause(word)


def is_joint_condition(view: SentenceView, word: int) -> bool:
    """Tell the second half of what must hold, or must not be done, together: "if sterilised and closed"."""
    if not view.tree.child_forms[word].isdisjoint(view.roles.alternatives | view.roles.contrasts):
        return False
    return view.polarity.joins(word) != UP or _continues_condition(view, word)


def _continues_condition(view: SentenceView, word: int) -> bool:
    """Whether a condition stands before the "and": "not unless it is shut and the fan runs".

    A reader takes the first half of an exception for enough, whatever logic allows; and the parser often joins the
    second half, a clause with a subject of its own, to the main clause.
    """
    tree = view.tree
    head = tree.heads[word]
    if is_linked_condition(view, head):
        return True
    if tree.subjects[word] is None or "," in tree.child_forms[word]:
        return False
    return any(
        tree.heads[other] == head and tree.relations[other] == "advcl" and is_linked_condition(view, other)
        for other in range(max(head + 1, word - _REACH), word)
    )


def restricts_quantified(view: SentenceView, word: int) -> bool:
    """Tell a restriction of "no", "every", "most" or of a whole kind: "pupils from other districts pay"."""
    if not is_restriction(view, word):
        return False
    head = view.tree.heads[word]
    if view.polarity.is_quantified(head) or _is_of_quantity(view, head):
        return True
    return holds_figure(view, word) and (not _is_nested(view, word) or _is_of_quantified_clause(view, head))


def restricts_whom_it_concerns(view: SentenceView, word: int) -> bool:
    """Tell a restriction of a subject of which all, most or none is said: it is a condition told as a noun phrase.

    "Cars registered before 2006 may not enter" says what happens if a car was registered before 2006. Phrases of place
    weigh less, since readers take a text for one of their own place; so do those of a thing that is known anyway.
    """
    tree, head = view.tree, view.tree.heads[word]
    is_of_many = _is_of_quantity(view, head)
    whom = tree.heads[head] if is_of_many else head
    if tree.relations[whom] not in _SUBJECTS or not restricts_quantified(view, word):
        return False
    is_known = not is_of_many and not tree.child_forms[head].isdisjoint(view.roles.determiners_definite)
    is_place = tree.relations[word] == "nmod" and bool(tree.links[word] & view.roles.place_links)
    return not is_known and not is_place


def restricts_exception(view: SentenceView, word: int) -> bool:
    """Tell what says which are excepted: "no flights, with the exception of those to Havana".

    Polarity does not tell: a ban with an exception turns it twice.
    """
    head = view.tree.heads[word]
    return view.tree.tags[head] in _NOUNS and is_linked_condition(view, head)


def _is_of_quantified_clause(view: SentenceView, verb: int) -> bool:
    """Whether a verb says which of some things are meant, of whom all is said: "only guests who paid before May"."""
    return view.tree.relations[verb].startswith("acl") and view.polarity.is_quantified(view.tree.heads[verb])


def _is_of_quantity(view: SentenceView, noun: int) -> bool:
    """Whether a noun stands after the "of" of a word that says how many: "all of the flats"."""
    tree = view.tree
    is_of = bool(tree.links[noun] & view.roles.genitives)
    return is_of and tree.relations[noun] == "nmod" and view.polarity.is_quantified(tree.heads[noun])


def holds_figure(view: SentenceView, word: int) -> bool:
    """Tell a phrase with a figure."""
    tree = view.tree
    return tree.is_figure(word) or any(tree.is_figure(child) for child in tree.children[word])


def _is_nested(view: SentenceView, word: int) -> bool:
    return view.tree.relations[view.tree.heads[word]] in _NESTING


def restricts_slightly(view: SentenceView, word: int) -> bool:
    """Tell a restriction within a restriction, or of what happened once: "did not come to the hall on Friday"."""
    if not is_restriction(view, word) or holds_figure(view, word):
        return False
    above = _upward(view, view.tree.heads[word])
    return _is_nested(view, word) or _is_of_known(view, word, above) or any(view.tree.is_past(each) for each in above)


def _is_of_known(view: SentenceView, word: int, above: Sequence[int]) -> bool:
    """Whether a restriction says of something known, in a subordinate clause, which it is: "when the air in it …"."""
    tree = view.tree
    is_known = not tree.child_forms[above[0]].isdisjoint(view.roles.determiners_definite)
    return is_known and tree.relations[word] == "nmod" and any(tree.relations[each] in _NESTING for each in above)


def _upward(view: SentenceView, word: int) -> list[int]:
    """List a word and the few above it, up to the first predicate."""
    found = [word]
    while len(found) < _CLIMB and not is_predicate(view, found[-1]) and view.tree.tags[found[-1]] != "VERB":
        found.append(view.tree.heads[found[-1]])
    return found


def is_predicate(view: SentenceView, word: int) -> bool:
    """Tell a noun or an adjective that says what something is."""
    return "cop" in view.tree.child_relations[word]


def is_restriction(view: SentenceView, word: int) -> bool:
    """Tell a restriction where the polarity is not upward: "they do not open on Sundays"."""
    tree = view.tree
    if _is_ornament(view, word) or tree.links[word] & view.roles.concessions:
        return False
    return view.polarity.reaches(word) != UP


def _is_ornament(view: SentenceView, word: int) -> bool:
    """Whether a phrase only adds something: set off by commas, or praise."""
    tree = view.tree
    if tree.relations[word] in {"advmod", "amod", "compound", "nmod:desc"}:
        lower = tree.lower[word]
        roles = view.roles
        return lower in roles.ornamental_adjectives or lower in roles.discourse_adverbs or lower in roles.intensifiers
    return tree.is_set_off(word) and word > tree.heads[word]
