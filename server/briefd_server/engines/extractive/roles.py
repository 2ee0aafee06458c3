"""The parts that a language's words play in the rules: which are negations, conditions, hedges and so on.

The rules ask for roles; the words stand in `languages/<tag>/grammar.toml` and `operators.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from briefd_server.languages import read_table

UP, DOWN, NONE = 1, -1, 0
"""Polarities: a restriction may be left out where it is up; "none" is neither up nor down."""
# The operators that the rules ask for, by role.
_LINK_ROLES = {"conditions": "condition", "comparisons": "comparison", "absences": "absence"}
_EFFECTS = {"up": UP, "down": DOWN, "none": NONE}


@dataclass(frozen=True, slots=True)
class Operator:
    """What a word does to the polarity of its two arguments (see `operators.toml`)."""

    name: str
    restrictor: int
    body: int


@dataclass(frozen=True, eq=False)
class Roles:
    """Words of a language, lower case, by role.

    Attributes:
        negations: words that turn a statement into its opposite.
        negation_suffixes: endings that do.
        alternatives: conjunctions that leave it open which of their members holds.
        contrasts: conjunctions of what limits or opposes.
        negative_phrases: negations of several words, each a tuple.
        fixed_phrases: expressions that mean nothing in parts.
        hedges: adverbs that say how sure or how exact a statement is.
        turning_adverbs: adverbs without which a sentence says something else.
        focus_adverbs: adverbs that say that nothing else is meant.
        correlatives: words that announce two things.
        non_subsective: adjectives that make their noun something else (Partee 2010, "Privative Adjectives").
        unreal_adjectives: those of them that make it an invention.
        orders: adjectives that pick one thing out of an order or a set.
        superlatives: superlatives that no suffix shows.
        superlative_suffixes: endings of superlatives.
        not_superlatives: words that end like one.
        figure_qualifiers: words that say how the figure after them is meant.
        genitives: prepositions of what belongs or is part.
        infinitives: particles of purposes.
        thresholds: those that divide a noun's things by a figure.
        vowels: first letters before which `vowel_articles` change.
        vowel_articles: articles whose form depends on the next word.
        comparatives: comparatives that no suffix shows.
        comparative_suffixes: endings of comparatives.
        conditions: links of conditions and exceptions, from the operators.
        absences: prepositions of what is not there, from the operators.
        condition_phrases: those of several words.
        comparisons: links of comparisons, from the operators.
        inverting_auxiliaries: auxiliaries that, before their subject, make a clause a condition.
        time_links: links of clauses of time.
        limits: links of phrases that say from when, until when or how often.
        spans: nouns of times that mean little alone.
        place_links: prepositions that say where.
        deadlines: those of them that, under a negation, say when it ends.
        conceding_adverbs: adverbs that make a condition a concession.
        concessions: links of concessions.
        reasons: links of a clause that is part of what is reported.
        concluding_adverbs: adverbs that tie a clause to the one before.
        speaking: participles of what a speaker does.
        wh_words: words that ask or relate.
        degrees: adverbs of degree.
        intensifiers: adverbs that only colour a statement.
        discourse_adverbs: adverbs that only place it in the conversation.
        directions: adverbs that say where a movement goes.
        partitives: nouns that say how much or what kind.
        content_nouns: nouns whose clause is what they are about.
        months: names of months, and their abbreviations.
        times: nouns of times.
        binding_words: words of a heading without which what stands below it may be false.
        weekdays: names of weekdays.
        reporting: verbs that vouch for what they report.
        claiming: verbs that report without vouching.
        modals: auxiliaries under which nothing has happened yet.
        obligations: auxiliaries of what is asked for or allowed, whose subjects stand for all of their kind.
        future_auxiliaries: auxiliaries of what is to come, is allowed or goes on.
        past_auxiliaries: auxiliaries of what is over.
        past_suffixes: endings of past forms.
        irregular_pasts: past forms without such an ending.
        denying_frames: words that deny or doubt what is said under them.
        unasserted_links: links of clauses that state nothing.
        ornamental_adjectives: adjectives that only praise or size.
        anaphors: words that stand for something said before.
        determiners_definite: determiners of what is known.
        prepositional_objects: prepositions whose phrase says in which quality.
        placing_verbs: verbs that need to be told where.
        privative_links: prepositions of what a verb keeps somebody from.
        source_phrases: prepositions of several words that name a source.
        fictional_frames: nouns in which what is told did not happen.
        truth_words: predicates that, negated, deny what was said.
        plural_verbs: verb forms that need a subject of several.
        range_pairs: prepositions of ranges of two ends.
        prepositional_verbs: pairs of a word's beginning and the preposition without whose phrase it means little.
    """

    negations: frozenset[str]
    negation_suffixes: tuple[str, ...]
    alternatives: frozenset[str]
    contrasts: frozenset[str]
    negative_phrases: tuple[tuple[str, ...], ...]
    fixed_phrases: tuple[tuple[str, ...], ...]
    hedges: frozenset[str]
    turning_adverbs: frozenset[str]
    focus_adverbs: frozenset[str]
    correlatives: frozenset[str]
    non_subsective: frozenset[str]
    unreal_adjectives: frozenset[str]
    orders: frozenset[str]
    superlatives: frozenset[str]
    superlative_suffixes: tuple[str, ...]
    not_superlatives: frozenset[str]
    figure_qualifiers: frozenset[str]
    genitives: frozenset[str]
    infinitives: frozenset[str]
    thresholds: frozenset[str]
    vowels: frozenset[str]
    vowel_articles: frozenset[str]
    comparatives: frozenset[str]
    comparative_suffixes: tuple[str, ...]
    conditions: frozenset[str]
    absences: frozenset[str]
    condition_phrases: tuple[tuple[str, ...], ...]
    comparisons: frozenset[str]
    inverting_auxiliaries: frozenset[str]
    time_links: frozenset[str]
    limits: frozenset[str]
    spans: frozenset[str]
    place_links: frozenset[str]
    deadlines: frozenset[str]
    conceding_adverbs: frozenset[str]
    concessions: frozenset[str]
    reasons: frozenset[str]
    concluding_adverbs: frozenset[str]
    speaking: frozenset[str]
    wh_words: frozenset[str]
    degrees: frozenset[str]
    intensifiers: frozenset[str]
    discourse_adverbs: frozenset[str]
    directions: frozenset[str]
    partitives: frozenset[str]
    content_nouns: frozenset[str]
    months: frozenset[str]
    times: frozenset[str]
    binding_words: frozenset[str]
    weekdays: frozenset[str]
    reporting: frozenset[str]
    claiming: frozenset[str]
    modals: frozenset[str]
    obligations: frozenset[str]
    future_auxiliaries: frozenset[str]
    past_auxiliaries: frozenset[str]
    past_suffixes: tuple[str, ...]
    irregular_pasts: frozenset[str]
    denying_frames: frozenset[str]
    unasserted_links: frozenset[str]
    ornamental_adjectives: frozenset[str]
    anaphors: frozenset[str]
    determiners_definite: frozenset[str]
    prepositional_objects: frozenset[str]
    placing_verbs: frozenset[str]
    privative_links: frozenset[str]
    source_phrases: tuple[tuple[str, ...], ...]
    fictional_frames: frozenset[str]
    truth_words: frozenset[str]
    plural_verbs: frozenset[str]
    range_pairs: frozenset[str]
    prepositional_verbs: tuple[tuple[str, ...], ...]


@cache
def read_roles(language: str) -> Roles:
    """Read the roles of a language's words; raises `KeyError` for a role without a row."""
    table = read_table(language, "grammar")
    rows = {role.name: _read_row(table[role.name], str(role.type)) for role in fields(Roles) if role.name in table}
    rows |= {role: _links(language, operator) for role, operator in _LINK_ROLES.items()}
    return Roles(**rows)


@cache
def read_operators(language: str) -> dict[str, dict[str, Operator]]:
    """Read the operators of a language: by role, then by form."""
    by_role: dict[str, dict[str, Operator]] = {}
    for row in read_table(language, "operators")["operator"]:
        operator = Operator(row["name"], _EFFECTS[row.get("restrictor", "up")], _EFFECTS[row["body"]])
        by_role.setdefault(row["role"], {}).update(dict.fromkeys(row["forms"].split(), operator))
    return by_role


def _read_row(row: Any, kind: str) -> Any:
    entries = row.split() if isinstance(row, str) else row
    if kind.startswith("frozenset"):
        return frozenset(entries)
    if "tuple[str, ...], ..." in kind:
        return tuple(tuple(entry.split() if isinstance(entry, str) else entry) for entry in entries)
    return tuple(entries)


def _links(language: str, operator: str) -> frozenset[str]:
    """List the links of an operator's name."""
    return frozenset(form for form, each in read_operators(language)["link"].items() if each.name == operator)
