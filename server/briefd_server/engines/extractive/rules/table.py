"""The table of rules: which of them are asked about a word, in which order.

The first rule that applies decides. Examples of every rule stand as small trees in
`tests/server/engines/extractive/rules/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.rules import grammar, meaning, negation, restrictions
from briefd_server.engines.extractive.rules.grades import (
    BENDING,
    BREAKING,
    DENYING,
    EXTENDING,
    GENERALIZING,
    LOOSENING,
    STRIPPING,
    WIDENING,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.engines.extractive.rules.view import SentenceView


@dataclass(frozen=True, slots=True)
class Rule:
    """A named rule: the grade that it gives, the relations that it looks at (none: all), and when it applies."""

    name: str
    grade: str
    relations: frozenset[str]
    applies: Callable[[SentenceView, int], bool]


_CLAUSES = frozenset({"advcl", "advcl:relcl", "acl", "acl:relcl", "obl", "obl:unmarked", "nmod"})
_CIRCUMSTANCES = frozenset({"advcl", "obl", "obl:unmarked", "nmod"})
_RESTRICTIONS = frozenset(
    "acl acl:relcl advcl advcl:relcl advmod amod compound nmod nmod:desc nmod:unmarked obl obl:agent obl:unmarked "
    "nummod".split()
)
_NAME_RELATIONS = frozenset("compound amod nmod:desc nmod flat appos nmod:unmarked".split())
_STATEMENTS = frozenset({"parataxis", "appos", "conj", "list", "dep", "ccomp"})
_ALL: frozenset[str] = frozenset()

ALL_RULES = (
    Rule("negation", DENYING, _ALL, negation.is_negation),
    Rule("negative-phrase", DENYING, _ALL, negation.heads_negative_phrase),
    Rule("denied-by-a-phrase", DENYING, frozenset({"obl", "obl:unmarked", "advmod"}), negation.is_negated_phrase),
    Rule("denying-aside", DENYING, frozenset({"parataxis"}), negation.denies_what_is_said),
    Rule("fixed-expression", BREAKING, _ALL, grammar.is_part_of_phrase),
    Rule("needed", BREAKING, _ALL, grammar.is_needed),
    Rule("name", BREAKING, _NAME_RELATIONS, grammar.binds_name),
    Rule("number", BREAKING, _ALL, grammar.binds_number),
    Rule("article", BREAKING, frozenset({"amod", "advmod", "compound", "nummod", "nmod:desc"}), grammar.fits_article),
    Rule("proform", BREAKING, frozenset({"amod", "nmod:desc"}), grammar.tells_proform),
    Rule("which-times", BREAKING, frozenset("acl acl:relcl amod compound nmod".split()), grammar.tells_which_times),
    Rule("comparison", BREAKING, frozenset({"advmod"}), grammar.is_wh_or_compared),
    Rule("degree", BREAKING, frozenset({"advmod"}), grammar.is_degree_of_clause),
    Rule("what-a-degree-needs", BREAKING, frozenset({"advcl", "obl", "acl", "ccomp"}), grammar.completes_degree),
    Rule("what-a-word-needs", BREAKING, _CLAUSES, grammar.completes_prepositional),
    Rule("content", BREAKING, frozenset({"acl", "acl:relcl"}), grammar.is_content_clause),
    Rule("pair", DENYING, frozenset({"conj"}), negation.is_second_of_pair),
    Rule("agreement", BREAKING, frozenset({"conj"}), grammar.agrees),
    Rule("conjunction", BREAKING, frozenset({"cc"}), grammar.links_conjunct),
    Rule("alternative", BENDING, frozenset({"conj"}), restrictions.is_alternative),
    Rule("put-in-its-place", WIDENING, frozenset({"conj"}), restrictions.is_put_in_its_place),
    Rule("joint-condition", STRIPPING, frozenset({"conj"}), restrictions.is_joint_condition),
    Rule("figure", BENDING, _ALL, meaning.is_figure_word),
    Rule(
        "threshold", STRIPPING, frozenset("acl acl:relcl nmod obl obl:agent obl:unmarked".split()), meaning.is_threshold
    ),
    Rule("measure", BENDING, frozenset({"obl:unmarked", "nmod:unmarked"}), meaning.is_measure),
    Rule("changed-noun", BENDING, frozenset({"amod", "compound", "nmod:desc"}), meaning.changes_noun),
    Rule("focusing", STRIPPING, frozenset({"advmod"}), meaning.focuses),
    Rule("hedge", BENDING, frozenset({"advmod"}), meaning.hedges_or_turns),
    Rule("condition", STRIPPING, _CLAUSES | {"advmod", "dep", "conj"}, meaning.is_condition),
    Rule("condition-by-word-order", STRIPPING, frozenset({"advcl"}), meaning.is_inverted_condition),
    Rule("quality", BENDING, frozenset({"obl"}), grammar.is_quality_phrase),
    Rule("time-of-a-ban", STRIPPING, _CIRCUMSTANCES, meaning.is_time_of_ban),
    Rule("time-of-a-rule", GENERALIZING, _CIRCUMSTANCES, meaning.is_time_of_rule),
    Rule("statement-of-label", BENDING, _STATEMENTS, meaning.is_statement_of_label),
    Rule("claim", BENDING, frozenset({"parataxis"}), meaning.is_claim),
    Rule("focus", BENDING, _CLAUSES | {"conj"}, meaning.is_focused),
    Rule("fiction", BENDING, frozenset({"obl"}), meaning.is_fictional_frame),
    Rule("source", WIDENING, frozenset({"obl", "advcl", "nmod"}), meaning.is_source),
    Rule("which-exception", EXTENDING, frozenset({"acl", "acl:relcl", "nmod"}), restrictions.restricts_exception),
    Rule(
        "whom-it-concerns", EXTENDING, frozenset({"acl", "acl:relcl", "nmod"}), restrictions.restricts_whom_it_concerns
    ),
    Rule("restriction-of-quantified", GENERALIZING, _RESTRICTIONS, restrictions.restricts_quantified),
    Rule("slight-restriction", LOOSENING, _RESTRICTIONS, restrictions.restricts_slightly),
    Rule("restriction", WIDENING, _RESTRICTIONS, restrictions.is_restriction),
)

_GENERAL_RULES = tuple(rule for rule in ALL_RULES if not rule.relations)
_RULES_BY_RELATION = {
    relation: tuple(rule for rule in ALL_RULES if not rule.relations or relation in rule.relations)
    for relation in {name for rule in ALL_RULES for name in rule.relations}
}


def rules_for(relation: str) -> tuple[Rule, ...]:
    """List the rules that look at a relation, in order."""
    return _RULES_BY_RELATION.get(relation, _GENERAL_RULES)
