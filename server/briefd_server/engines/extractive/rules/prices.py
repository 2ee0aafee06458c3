"""What cutting a phrase costs, by the name of its price (see `costs`): for whatever no rule keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.rules.meaning import is_of_time
from briefd_server.engines.extractive.rules.restrictions import holds_figure, is_predicate

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.engines.extractive.rules.view import SentenceView

_OF_NOUNS = frozenset({"acl", "acl:relcl", "nmod"})
_DETERMINED = frozenset({"det", "nmod:poss", "det:predet", "nummod"})


def price(view: SentenceView, word: int) -> str:
    """Name the price of cutting `word`, whether a rule keeps it or not."""
    relation = view.tree.relations[word]
    refine = _PRICES.get(relation)
    return refine(view, word) if refine else relation


def _adverb_price(view: SentenceView, word: int) -> str:
    tree, roles, form = view.tree, view.roles, view.tree.lower[word]
    if form in roles.degrees or not roles.degrees.isdisjoint(tree.child_forms[word]):
        return "advmod:degree"
    if form in roles.discourse_adverbs and (word < tree.heads[word] or tree.is_set_off(word)):
        return "advmod:discourse"
    if form in roles.intensifiers:
        return "advmod:intensifier"
    return "advmod:direction" if form in roles.directions else "advmod"


def _adjective_price(view: SentenceView, word: int) -> str:
    tree, head = view.tree, view.tree.heads[word]
    if tree.lower[word] in view.roles.ornamental_adjectives:
        return "amod:ornament"
    is_bare = tree.child_relations[head].isdisjoint(_DETERMINED)
    if is_bare or is_predicate(view, head):
        return "amod:bare"
    return "amod" if _is_definite(view, head) else "amod:new"


def _compound_price(view: SentenceView, word: int) -> str:
    is_bare = view.tree.child_relations[view.tree.heads[word]].isdisjoint(_DETERMINED)
    return "compound:bare" if is_bare else "compound"


def _phrase_price(view: SentenceView, word: int) -> str:
    tree, relation, head = view.tree, view.tree.relations[word], view.tree.heads[word]
    if word > head and tree.is_set_off(word):
        return f"{relation}:ornament" if relation in _OF_NOUNS else f"{relation}:apart"
    if tree.links[word] & view.roles.genitives and relation in {"nmod", "obl"}:
        return f"{relation}:of"
    if tree.links[word] & view.roles.infinitives and relation in {"acl", "advcl"}:
        return f"{relation}:to"
    return _oblique_price(view, word) if relation == "obl" else _restriction_price(view, word)


def _oblique_price(view: SentenceView, word: int) -> str:
    head = view.tree.heads[word]
    if is_of_time(view, word) and not view.tree.is_past(head):
        return "obl:date"
    if view.completes_verb(word, head):
        return "obl:near"
    return "obl:figure" if holds_figure(view, word) else "obl"


def _restriction_price(view: SentenceView, word: int) -> str:
    relation = view.tree.relations[word]
    if relation == "nmod" and holds_figure(view, word):
        return "nmod:figure"
    is_new = relation in _OF_NOUNS and not _is_definite(view, view.tree.heads[word])
    return f"{relation}:new" if is_new else relation


def _bare_phrase_price(view: SentenceView, word: int) -> str:
    is_date = is_of_time(view, word) and not view.tree.is_past(view.tree.heads[word])
    return "obl:date" if is_date else "obl:unmarked"


def _is_definite(view: SentenceView, noun: int) -> bool:
    return not view.tree.child_forms[noun].isdisjoint(view.roles.determiners_definite)


def _conjunct_price(view: SentenceView, word: int) -> str:
    if view.tree.is_clause(word):
        is_contrast = not view.tree.child_forms[word].isdisjoint(view.roles.contrasts)
        return "conj:contrast" if is_contrast else "conj:clause"
    return "conj:verb" if view.tree.tags[word] in {"VERB", "AUX"} else "conj"


_PRICES: dict[str, Callable[[SentenceView, int], str]] = {
    "acl": _phrase_price,
    "acl:relcl": _phrase_price,
    "advcl": _phrase_price,
    "advmod": _adverb_price,
    "amod": _adjective_price,
    "compound": _compound_price,
    "conj": _conjunct_price,
    "nmod": _phrase_price,
    "obl": _phrase_price,
    "obl:unmarked": _bare_phrase_price,
}
