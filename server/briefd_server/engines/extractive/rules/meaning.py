"""Rules of meaning: without these words the sentence says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import UP
from briefd_server.engines.extractive.rules.grammar import is_compared

if TYPE_CHECKING:
    from briefd_server.engines.extractive.rules.view import SentenceView

# Dependents of a title that are looked at; its statement is among the first.
_FEW = 8
_NOUNS = frozenset({"NOUN", "PROPN", "PRON"})
_DETERMINED = frozenset({"det", "nmod:poss", "nummod"})
_ARGUMENTS = frozenset({"iobj", "nsubj", "nsubj:pass", "obj"})
_COUNTS = frozenset({"nummod"})


def is_figure_word(view: SentenceView, word: int) -> bool:
    """Tell a count, or a word that says how the next figure is meant: "above 40", "up to 12", "about 3,000"."""
    tree = view.tree
    if tree.relations[word] == "nummod":
        return True
    following = tree.rightmost[word] + 1  # behind the "to" of "up to" and the "than" of "more than"
    if tree.lower[word] in view.roles.figure_qualifiers and following < len(tree) and tree.is_figure(following):
        return True
    is_qualified = tree.is_figure(word) and not tree.child_forms[word].isdisjoint(view.roles.figure_qualifiers)
    return is_qualified and tree.relations[word] == "nmod"


def is_measure(view: SentenceView, word: int) -> bool:
    """Tell a measure of an adjective: "93% full", "three years old"."""
    tree, head = view.tree, view.tree.heads[word]
    is_measure = tree.is_figure(word) or tree.has(word, _COUNTS)
    return is_measure and tree.tags[head] in {"ADJ", "ADV"} and word < head


def changes_noun(view: SentenceView, word: int) -> bool:
    """Tell an adjective that makes its noun something else or picks one of several: "former", "second", "lowest"."""
    lower, roles = view.tree.lower[word], view.roles
    if lower in roles.non_subsective or lower in roles.orders or is_compared(view, word):
        return True
    return is_superlative(view, word) or not view.tree.child_forms[word].isdisjoint(roles.degrees | roles.hedges)


def is_superlative(view: SentenceView, word: int) -> bool:
    """Tell a superlative, by its form or by its "most"."""
    lower, roles = view.tree.lower[word], view.roles
    if lower in roles.superlatives or not view.tree.child_forms[word].isdisjoint(roles.superlatives):
        return True
    return len(lower) > 4 and lower.endswith(roles.superlative_suffixes) and lower not in roles.not_superlatives


def focuses(view: SentenceView, word: int) -> bool:
    """Tell an "only": without it what is said of some is not denied of the others."""
    return view.tree.lower[word] in view.roles.focus_adverbs


def hedges_or_turns(view: SentenceView, word: int) -> bool:
    """Tell an adverb without which the sentence says something else: "nearly", "twice"."""
    lower, roles = view.tree.lower[word], view.roles
    # "They slept better" does not say that they slept.
    is_compared = lower in roles.comparatives and view.tree.tags[view.tree.heads[word]] == "VERB"
    return lower in roles.hedges or lower in roles.turning_adverbs or is_compared


def is_condition(view: SentenceView, word: int) -> bool:
    """Tell a condition or an exception: "if …", "without a permit", "except Mr Tarn", "in case of fire"."""
    if is_linked_condition(view, word) or _is_condition_of_absence(view, word):
        return True
    if view.tree.lower[word] in view.roles.conditions and view.tree.tags[word] == "VERB":
        return True
    return any(
        view.tree.lower[child] in view.roles.conditions
        and child < word
        and view.tree.relations[child] in {"advmod", "cc"}
        for child in view.tree.children[word]
    )


def _is_condition_of_absence(view: SentenceView, word: int) -> bool:
    """Whether something holds only in the absence of another: "may not enter without a pass", "without it, stop"."""
    if not view.tree.links[word] & view.roles.absences:
        return False
    return word < view.tree.heads[word] or view.polarity.reaches(word) != UP


def is_linked_condition(view: SentenceView, word: int) -> bool:
    """Tell a condition that a conjunction or preposition marks, in constant time; "even if" marks none."""
    if not view.tree.child_forms[word].isdisjoint(view.roles.conceding_adverbs):
        return False
    return bool(view.tree.links[word] & view.roles.conditions) or view.phrases.is_condition(word)


def is_inverted_condition(view: SentenceView, word: int) -> bool:
    """Tell a condition told by word order: "had the alarm worked", "should it ring"."""
    tree, subject = view.tree, view.tree.subjects[word]
    first = tree.leftmost[word]
    if subject is None or tree.links[word] or tree.lower[first] not in view.roles.inverting_auxiliaries:
        return False
    return first < subject and word != first


def is_threshold(view: SentenceView, word: int) -> bool:
    """Tell a measure that divides what is meant from what is not: "if it rises above 40 cm", "boats under 9 metres"."""
    tree = view.tree
    if view.polarity.reaches(word) == UP:
        return False
    parts = tree.children[word][:_FEW] if tree.relations[word].startswith("acl") else ()
    return any(_divides(view, each) for each in (word, *parts))


def tells_size(view: SentenceView, word: int) -> bool:
    """Tell the measure that says which things are meant: "trucks of up to 40 tonnes", "people over 75"."""
    tree = view.tree
    is_own = bool(tree.links[word] & (view.roles.genitives | view.roles.thresholds))
    is_bare = tree.child_relations[tree.heads[word]].isdisjoint(_DETERMINED)
    return is_own and is_bare and _divides(view, word)


def _divides(view: SentenceView, word: int) -> bool:
    """Whether a phrase gives a figure from which on, or up to which, something holds: "more than 30 kg"."""
    tree, roles = view.tree, view.roles
    figures = [each for each in (word, *tree.children[word][:_FEW]) if _counts(view, each)]
    dividing = roles.thresholds | roles.comparatives | roles.superlatives | roles.comparisons
    is_linked = bool(figures) and not dividing.isdisjoint(tree.links[word])
    return is_linked or any(not dividing.isdisjoint(tree.child_forms[each]) for each in figures)


def _counts(view: SentenceView, word: int) -> bool:
    """Whether a word is a figure, or a share: "a third"."""
    return view.tree.is_figure(word) or view.tree.lower[word] in view.roles.orders


def is_time_of_ban(view: SentenceView, word: int) -> bool:
    """Tell when something is forbidden or does not hold: "never open it while it runs", "not before June"."""
    tree, links = view.tree, view.tree.links[word]
    if not _is_time(view, word) or tree.is_past(tree.heads[word]) or view.polarity.reaches(word) == UP:
        return False
    return bool(links & view.roles.deadlines) or (tree.relations[word] == "advcl" and word > tree.heads[word])


def is_time_of_rule(view: SentenceView, word: int) -> bool:
    """Tell when something holds that is to come, allowed or always so: "may enter after eight", "banned from 2010"."""
    tree, head = view.tree, view.tree.heads[word]
    if not _is_time(view, word):
        return False
    if view.tree.links[word] & view.roles.deadlines and view.polarity.reaches(word) != UP:
        return True
    # ", nine years after the last one was sold" only adds something.
    if word > head and tree.is_set_off(word):
        return False
    if tree.relations[head].startswith("advcl") or view.polarity.place[head] != UP:
        return False
    return not tree.is_past(head) or tree.child_forms[head] & view.roles.negations != frozenset()


def _is_time(view: SentenceView, word: int) -> bool:
    """Whether a clause or a phrase limits a predicate to a time."""
    tree, head, links = view.tree, view.tree.heads[word], view.tree.links[word]
    is_clause = tree.relations[word] == "advcl" and links & view.roles.time_links
    is_limit = bool(links & view.roles.limits) and is_of_time(view, word)
    return bool(is_clause or is_limit) and (tree.tags[head] not in _NOUNS - {"PRON"} or tree.is_clause(head))


def is_of_time(view: SentenceView, word: int) -> bool:
    """Tell a date, a weekday or another time."""
    tree, lower = view.tree, view.tree.lower[word].rstrip(".")
    roles = view.roles
    return tree.is_figure(word) or lower in roles.months or lower in roles.weekdays or lower in roles.times


def is_focused(view: SentenceView, word: int) -> bool:
    """Tell what an "only" points at: "only to people who were bitten", "on Mondays only"."""
    tree, focus = view.tree, view.roles.focus_adverbs
    first, last = tree.leftmost[word], tree.rightmost[word]
    following = [] if last + 1 in tree.separators else tree.lower[last + 1 : last + 2]
    if tree.relations[word] == "conj":
        return not focus.isdisjoint([tree.lower[last], *following])
    beside = [tree.lower[first]]
    if first and first - 1 != tree.heads[word] and first not in tree.separators:
        beside.append(tree.lower[first - 1])
    return not focus.isdisjoint([*beside, tree.lower[last], *following])


def names_referent(view: SentenceView, word: int) -> bool:
    """Tell an opening that names what a pronoun stands for: "instead of closing the school they will merge it"."""
    tree, head = view.tree, view.tree.heads[word]
    if word > head or tree.tags[word] == "PRON":
        return False
    stands_for = any(
        child > word and tree.relations[child] in _ARGUMENTS and tree.lower[child] in view.roles.anaphors
        for child in tree.children[head][:_FEW]
    )
    return stands_for and any(tree.tags[each] in {"NOUN", "PROPN"} for each in (word, *tree.children[word][:_FEW]))


def is_source(view: SentenceView, word: int) -> bool:
    """Tell who vouches for the sentence: "according to a neighbour"."""
    return view.phrases.is_source(word)


def is_fictional_frame(view: SentenceView, word: int) -> bool:
    """Tell where what is told did not happen: "in the film", "in a mock attack"."""
    tree, roles = view.tree, view.roles
    is_fiction = tree.lower[word] in roles.fictional_frames or not tree.child_forms[word].isdisjoint(
        roles.unreal_adjectives
    )
    return is_fiction and word < tree.heads[word] and bool(tree.links[word])


def is_claim(view: SentenceView, word: int) -> bool:
    """Tell who claims, without vouching, what the sentence says."""
    return view.tree.is_attribution(word) and view.tree.lower[word] in view.roles.claiming


def is_statement_of_label(view: SentenceView, word: int) -> bool:
    """Tell the statement that a title or a label without a verb leads: "Notice to all: the bridge is closed"."""
    tree, head = view.tree, view.tree.heads[word]
    if tree.heads[head] != head or tree.tags[head] not in _NOUNS or tree.is_clause(head) or word < head:
        return False
    return tree.is_clause(word) and not any(tree.is_clause(each) for each in tree.children[head][:_FEW] if each < word)
