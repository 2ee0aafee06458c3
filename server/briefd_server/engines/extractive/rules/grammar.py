"""Rules of grammar: without these words the sentence is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import UP
from briefd_server.engines.extractive.sentence_tree import SUBJECTS

if TYPE_CHECKING:
    from briefd_server.engines.extractive.rules.view import SentenceView

_NEEDED = frozenset(
    "aux aux:pass case ccomp compound:prt cop csubj csubj:outer csubj:pass det expl fixed flat goeswith iobj mark "
    "nmod:poss nsubj nsubj:outer nsubj:pass obj xcomp cc:preconj orphan".split()
)
_LINKING_TAGS = frozenset({"ADP", "AUX", "PART", "SCONJ"})
_FIGURE_RELATIONS = frozenset({"advmod", "amod", "compound", "nmod:desc", "nmod:unmarked", "nummod"})
_NAME_RELATIONS = frozenset("compound amod nmod:desc nmod flat appos nmod:unmarked".split())
_COUNTS = frozenset({"nummod"})
_COMPARISON_REACH = 8
_DETERMINED = frozenset({"det", "nmod:poss", "nummod", "det:predet"})
_PREDICATES = frozenset({"xcomp", "root"})
_DESIGNATING = frozenset("appos compound dep flat nmod nmod:desc nmod:unmarked nummod".split())
_LONGEST_NAME = 6


def is_part_of_phrase(view: SentenceView, word: int) -> bool:
    """Tell part of an expression of several words that stands beside its other parts."""
    mates, head = view.phrases.mates(word), view.tree.heads[word]
    return head in mates or any(view.tree.heads[mate] == head for mate in mates if mate != word)


def is_needed(view: SentenceView, word: int) -> bool:
    """Tell a word that its head can't stand without."""
    return view.tree.relations[word] in _NEEDED or view.tree.tags[word] in _LINKING_TAGS


def binds_name(view: SentenceView, word: int) -> bool:
    """Tell part of a name: capitalised neighbours, a title and its name, "University of Lund"."""
    tree, head = view.tree, view.tree.heads[word]
    if tree.relations[word] not in _NAME_RELATIONS or not _is_name(view, word) or not _is_name(view, head):
        return False
    between = range(min(word, head) + 1, max(word, head))
    if len(between) <= _LONGEST_NAME and all(_is_name(view, each) for each in between):
        return not tree.is_set_off(word)
    return word > head and word - head <= 3 and not view.roles.genitives.isdisjoint(tree.lower[head + 1 : word])


def _is_name(view: SentenceView, word: int) -> bool:
    form = view.tree.words[word]
    # The first word of a sentence, and every one of a headline, has its capital for another reason.
    if view.is_all_capitals or word == 0 or not form[0].isupper():
        return view.tree.tags[word] == "PROPN"
    return True


def binds_number(view: SentenceView, word: int) -> bool:
    """Tell part of a figure, a date or a unit: "bay 3", "May 5", "Sunday night"."""
    tree, head = view.tree, view.tree.heads[word]
    if _is_month_of_date(view, word) or (tree.lower[word] in view.roles.weekdays and head == word + 1):
        return True
    if _is_designator(view, word) or _is_rate(view, word):
        return True
    if tree.relations[word] not in _FIGURE_RELATIONS or not tree.is_figure(word):
        return False
    is_dated = tree.lower[head].rstrip(".") in view.roles.months
    return abs(word - head) == 1 or tree.tags[head] in {"NUM", "SYM", "PROPN"} or is_dated


def _is_rate(view: SentenceView, word: int) -> bool:
    """Whether a word tells to what a count before it is related: "two days a week"."""
    tree, head = view.tree, view.tree.heads[word]
    is_each = tree.relations[word] == "nmod:unmarked" and not tree.child_forms[word].isdisjoint(
        view.roles.vowel_articles
    )
    return is_each and head < word and tree.has(head, _COUNTS)


def _is_designator(view: SentenceView, word: int) -> bool:
    """Whether a word is the letter that tells one thing from its like: "valve C"."""
    tree, form = view.tree, view.tree.words[word]
    is_after = word == tree.heads[word] + 1 and tree.relations[word] in _DESIGNATING
    return is_after and len(form) == 1 and form.isupper()


def _is_month_of_date(view: SentenceView, word: int) -> bool:
    """Whether a word is the month of a date that hangs on another; of "since 3 May" the whole may go."""
    tree = view.tree
    is_month = tree.lower[word].rstrip(".") in view.roles.months and tree.words[word][0].isupper()
    beside = (other for other in (word - 1, word + 1) if 0 <= other < len(tree))
    return is_month and any(tree.is_figure(other) and tree.heads[other] != word for other in beside)


def fits_article(view: SentenceView, word: int) -> bool:
    """Tell before the word stands an article that does not fit the next one: "an updated version"."""
    lower = view.tree.lower
    if word == 0 or word + 1 == len(lower) or lower[word - 1] not in view.roles.vowel_articles:
        return False
    return (lower[word][0] in view.roles.vowels) != (lower[word + 1][0] in view.roles.vowels)


def completes_prepositional(view: SentenceView, word: int) -> bool:
    """Tell a phrase that its head means little without: "depends on", "half of", "slammed as coach"."""
    tree, head = view.tree, view.tree.heads[word]
    links, lower = tree.links[word], tree.lower[head]
    if links & view.roles.genitives and lower in view.roles.partitives and tree.relations[word] in {"nmod", "obl"}:
        return True
    if links & view.roles.comparisons and not _is_compared_with(view, word):
        return True
    if tree.relations[word] == "nmod" and tree.tags[head] == "NUM":
        return True
    if links & view.roles.genitives and tree.relations[word] == "nmod" and tree.has(head, _COUNTS):
        return True
    if tree.relations[word] == "obl" and lower in view.roles.placing_verbs and view.completes_verb(word, head):
        return True
    return any(lower.startswith(start) and link in links for start, link in view.roles.prepositional_verbs)


def _is_compared_with(view: SentenceView, word: int) -> bool:
    """Whether a phrase only says with what a quality is compared: "keeps roofs cooler than white paint"."""
    tree, head = view.tree, view.tree.heads[word]
    is_quality = tree.tags[head] == "ADJ" and tree.relations[head] in _PREDICATES and view.polarity.place[head] == UP
    is_bare = tree.lower[head] not in view.roles.comparatives
    return is_quality and is_bare and not tree.is_figure(word) and not tree.has(word, _COUNTS)


def tells_proform(view: SentenceView, word: int) -> bool:
    """Tell an adjective of a word that stands for a noun: "the old one"."""
    return view.tree.lower[view.tree.heads[word]] in view.roles.anaphors


def tells_which_times(view: SentenceView, word: int) -> bool:
    """Tell what says which days or hours are meant: "on days with a smog alert"."""
    tree, head = view.tree, view.tree.heads[word]
    is_bare = tree.child_relations[head].isdisjoint(_DETERMINED)
    return is_bare and tree.tags[head] == "NOUN" and tree.lower[head] in view.roles.spans


def is_content_clause(view: SentenceView, word: int) -> bool:
    """Tell the clause that says what a rumour, a claim or an idea is."""
    tree, head = view.tree, view.tree.heads[word]
    is_linked = bool(tree.links[word]) or tree.tags[tree.leftmost[word]] == "SCONJ"
    return tree.lower[head] in view.roles.content_nouns and is_linked and not tree.is_set_off(word)


def is_quality_phrase(view: SentenceView, word: int) -> bool:
    """Tell a phrase of the quality in which somebody does something: "killed as host", "arrested as a student"."""
    tree = view.tree
    is_after = word > tree.heads[word]
    return bool(tree.links[word] & view.roles.prepositional_objects) and is_after and not tree.is_clause(word)


def is_wh_or_compared(view: SentenceView, word: int) -> bool:
    """Tell a word that asks or relates, that a comparison needs, or that ties a clause to the one before."""
    return view.tree.lower[word] in view.roles.wh_words or is_compared(view, word) or view.tree.concludes(word)


def is_compared(view: SentenceView, word: int) -> bool:
    """Tell a word that a comparison later in the sentence needs: "larger … than", "other … than"."""
    forms = {view.tree.lower[word], *view.tree.child_forms[word]}
    compares = bool(forms & (view.roles.comparatives | view.roles.degrees))
    compares = compares or view.tree.lower[word].endswith(view.roles.comparative_suffixes)
    following = view.tree.lower[word + 1 : word + 1 + _COMPARISON_REACH]
    return compares and not view.roles.comparisons.isdisjoint(following)


def is_degree_of_clause(view: SentenceView, word: int) -> bool:
    """Tell a degree that something later completes: "too … to", "so … that", "as … as"."""
    tree, head = view.tree, view.tree.heads[word]
    if tree.lower[word] not in view.roles.degrees:
        return False
    return view.last_clauses[head] > head


def completes_degree(view: SentenceView, word: int) -> bool:
    """Tell what a degree announced: "too ill to travel", "so heavy that it broke", "as many as in May"."""
    tree, head = view.tree, view.tree.heads[word]
    if word < head or not tree.links[word]:
        return False
    return view.first_degrees[head] < head


def agrees(view: SentenceView, word: int) -> bool:
    """Tell the second subject of a verb that agrees with two: "the lamp and the fan are off"."""
    tree, head = view.tree, view.tree.heads[word]
    if tree.relations[head] not in SUBJECTS:
        return False
    verb = tree.heads[head]
    plural = view.roles.plural_verbs
    is_plural = tree.lower[verb] in plural or not tree.child_forms[verb].isdisjoint(plural)
    return is_plural and len(tree.conjuncts[head]) == 1 and not tree.lower[head].endswith("s")


def links_conjunct(view: SentenceView, word: int) -> bool:
    """Tell the conjunction of a kept conjunct."""
    return view.tree.relations[view.tree.heads[word]] == "conj"
