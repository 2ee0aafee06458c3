"""What a sentence states: the words that may become the root of a summary.

A clause may stand alone only where the sentence vouches for it: the main clause, one that is added to it, and one
reported by a verb that vouches ("police said that …"), as long as nothing above it denies, doubts or conditions it ("it
is not true that …", "he lied when he said that …"): verbs have signatures (Nairn, Condoravdi and Karttunen 2006,
"Computing relative polarity for textual inference").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import UP
from briefd_server.engines.extractive.rules.grades import GRADES
from briefd_server.engines.extractive.sentence_tree import CLAUSE_LINKS

if TYPE_CHECKING:
    from briefd_server.engines.extractive.rules import Rules

_LINKS = frozenset({"case", "cc", "mark"})
_ADDED = frozenset({*CLAUSE_LINKS, "acl:relcl", "acl"})


def find_entries(rules: Rules) -> dict[int, str]:
    """Find the words that may become the summary's root, each with its row of the cost table."""
    tree = rules.tree
    entries: dict[int, str] = {}
    asserted = set[int]()
    for word in tree.order:
        relation, head = tree.relations[word], tree.heads[word]
        if head == word:
            asserted.add(word)
            entries[word] = "root"
        elif head in asserted and _is_asserted_with_head(rules, word):
            asserted.add(word)
            if relation == "ccomp" and tree.is_clause(word):
                entries[word] = "reported"
            elif relation in CLAUSE_LINKS and head in entries and _states_something(rules, word):
                entries[word] = relation
    return entries


def links(rules: Rules, word: int) -> list[int]:
    """Dependents that only tie `word` to what stands before it: they go when it becomes the root."""
    tree = rules.tree
    # The "at" of "dinner is at seven" ties it to "dinner".
    ties = _LINKS - {"case"} if "cop" in tree.child_relations[word] else _LINKS
    return [child for child in tree.children[word] if tree.relations[child] in ties or tree.concludes(child)]


def _states_something(rules: Rules, word: int) -> bool:
    tree = rules.tree
    if not tree.is_clause(word) or tree.is_attribution(word):
        return False
    # "or the pump will crack" and "otherwise it will" hold only where what stands before does not.
    return tree.child_forms[word].isdisjoint(tree.roles.alternatives | tree.roles.turning_adverbs)


def _is_asserted_with_head(rules: Rules, word: int) -> bool:
    """Whether a text that states a word's head states the word too."""
    tree, roles = rules.tree, rules.roles
    relation, head = tree.relations[word], tree.heads[word]
    if relation == "ccomp":
        return tree.lower[head] in roles.reporting and not _is_denied_or_possible(rules, head)
    if relation not in _ADDED or tree.links[word] & roles.unasserted_links:
        return False
    return rules.ruling(word).price not in GRADES and not _is_frame(rules, head)


def _is_denied_or_possible(rules: Rules, word: int) -> bool:
    tree, roles = rules.tree, rules.roles
    uncertain = roles.hedges | roles.denying_frames
    if rules.polarity.body[word] != UP or _is_frame(rules, word):
        return True
    return not tree.child_forms[word].isdisjoint(uncertain) or not tree.auxiliaries[word].isdisjoint(roles.modals)


def _is_frame(rules: Rules, word: int) -> bool:
    """Whether a word, or what hangs right on it, denies or doubts what is said under it."""
    return rules.tree.lower[word] in rules.roles.denying_frames | rules.roles.fictional_frames
