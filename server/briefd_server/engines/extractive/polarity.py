"""The polarity of every place in a sentence: whether a restriction may be left out there.

In "a pump in hall 3 stopped" the restriction "in hall 3" may go, since whenever a pump in hall 3 stops, a pump stops:
the place is upward. After "no pump", "every pump", "if a pump", and below "did not" it may not. One pass from the root
down carries the polarity through the operators of `languages/<tag>/operators.toml` (MacCartney and Manning 2007,
"Natural Logic for Textual Inference"; for deletions on dependency trees Angeli, Premkumar and Manning 2015,
"Leveraging Linguistic Structure For Open Domain Information Extraction").
"""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import DOWN, NONE, UP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from briefd_server.engines.extractive.phrases import Phrases
    from briefd_server.engines.extractive.roles import Operator
    from briefd_server.engines.extractive.sentence_tree import SentenceTree

_DETERMINERS = frozenset({"det", "det:predet", "nummod", "advmod", "amod", "cc:preconj", "compound", "case"})
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubj:outer", "csubj", "csubj:pass"})
_COMPLEMENTS = frozenset({"xcomp", "ccomp", "obj", "obl", "iobj", "nmod", "acl", "csubj", "csubj:pass", "obl:agent"})
# The operator of clauses that say whenever: what happened once they only place in time.
_HABIT = "habit"
_OF_NOUNS = frozenset({"nmod", "acl", "acl:relcl", "amod", "compound"})
_AUXILIARIES = frozenset({"aux", "aux:pass", "cop"})
_OUTSIDE = frozenset({"parataxis", "discourse", "vocative", "appos"})
_NOUNS = frozenset({"NOUN", "PROPN", "PRON", "NUM"})


class Polarity:
    """Polarity of the restrictions in one tree.

    Attributes:
        place: for every word, the polarity of the place where it stands.
        body: for every word, the polarity of what stands with it as a predicate.

    `outer` is the polarity of the place where the whole sentence stands.
    """

    def __init__(
        self,
        tree: SentenceTree,
        operators: Mapping[str, Mapping[str, Operator]],
        phrases: Phrases,
        *,
        outer: int = UP,
    ) -> None:
        self._tree = tree
        self._phrases = phrases
        self._adverbs = operators["adverb"]
        self._determiners = operators["determiner"]
        self._predicates = operators["predicate"]
        self._links = operators["link"]
        self._habits = {form: link for form, link in self._links.items() if link.name == _HABIT}
        self._negative_determiners = self._determiners.keys() & tree.roles.negations
        self.place = [outer] * len(tree)
        self.body = [outer] * len(tree)
        # Most sentences have none, and are upward but for nouns that stand for all of their kind.
        self._has_operators = outer != UP or self._any_operator(operators)
        for word in tree.order if self._has_operators else ():
            if tree.heads[word] != word:
                self.place[word] = self._place_under(word, tree.heads[word])
            self.body[word] = self.place[word] * self._turned_by_subject(word) * self._adverb_effects[word]

    def _any_operator(self, operators: Mapping[str, Mapping[str, Operator]]) -> bool:
        forms = set(self._tree.lower)
        if any(not by_form.keys().isdisjoint(forms) for by_form in operators.values()):
            return True
        return self._phrases.has_conditions or any(form.endswith(self._tree.roles.negation_suffixes) for form in forms)

    def restricting(self, word: int) -> int:
        """Polarity of leaving out a restriction of `word`, a dependent that stands after its operators."""
        if self._is_noun(word):
            turned = self._adverb_effects[word] if self._has_operators else UP
            return self.place[word] * self._determined(word) * turned
        return self.body[word]

    def reaches(self, word: int) -> int:
        """Polarity of leaving out `word`, which restricts its head."""
        tree, head = self._tree, self._tree.heads[word]
        if self._is_noun(head) and not tree.is_clause(head):
            return self.restricting(head)
        if not self._has_operators:
            return UP
        if self._is_before_operators(word, head):
            return self.place[head]
        return self.body[head] * (self._determined(head) if tree.tags[head] in _NOUNS else UP)

    def joins(self, word: int) -> int:
        """Polarity of leaving out `word`, which is added to its head by a conjunction."""
        tree, head = self._tree, self._tree.heads[word]
        if self._is_noun(head) and not tree.is_clause(head):
            return self.place[head]
        has_own = tree.is_clause(word) or not tree.child_relations[word].isdisjoint(_AUXILIARIES)
        return self.place[head] if has_own else self.body[head]

    def _is_noun(self, word: int) -> bool:
        tree = self._tree
        if tree.tags[word] in _NOUNS:
            return True
        # "Few of the farmers", "each of them".
        stands_for_noun = tree.relations[word] not in _DETERMINERS and tree.tags[word] in {"ADJ", "DET"}
        return stands_for_noun and tree.lower[word] in self._determiners

    def _place_under(self, word: int, head: int) -> int:
        """Polarity of the place of `word`, from that of its head."""
        tree, relation = self._tree, self._tree.relations[word]
        if relation in _OUTSIDE or (relation == "conj" and not self._continues_negation(word)):
            return self.place[head]
        if self._is_before_operators(word, head) or (relation in _SUBJECTS and not self._is_after_adverb(word, head)):
            outer = self.place[head]
        else:
            outer = self.body[head]
        if relation in _OF_NOUNS and self._is_noun(head):
            outer = self.restricting(head)
        is_complement = relation in _COMPLEMENTS or bool(tree.links[word] & tree.roles.privative_links)
        if is_complement and (operator := self._predicates.get(tree.lower[head])) and word > head:
            outer *= UP if self._is_all(word) else operator.body
        effect = self._link_effect(word, head)
        # "Do not mix it if the air is cold" denies nothing of the air: the condition holds for the whole.
        return (self.place[head] if effect != UP and relation == "advcl" else outer) * effect

    def _link_effect(self, word: int, head: int) -> int:
        """Tell what the words that introduce a clause or phrase do to the polarity within."""
        tree = self._tree
        links = tree.links[word] & self._links.keys()
        effects = {self._links[link].body for link in links - self._habits.keys()}
        habits = tree.child_forms[word] & self._habits.keys()
        if habits and tree.relations[word] == "advcl" and not tree.is_past(word):
            effects |= {self._habits[habit].body for habit in habits}
        # "Except for" and its "except" are one condition, and so are "as long" and the "as it rings" that hangs on it.
        if self._phrases.is_condition(word) and not self._phrases.is_condition(head):
            effects.add(DOWN)
        return prod(effects)

    def _is_after_adverb(self, word: int, head: int) -> bool:
        """Whether a subject stands after an operator of its predicate: "only the red hose may be used"."""
        first = self._tree.leftmost[word]
        return any(child < first and self._turns(child) for child in self._tree.children[head][:3])

    def _continues_negation(self, word: int) -> bool:
        """Whether a conjunct is negated along with its head: "did not stop or slow", not "did not stop and left"."""
        tree = self._tree
        if tree.tags[word] not in {"VERB", "AUX"}:
            return True
        return not tree.is_clause(word) and not tree.child_forms[word].isdisjoint(tree.roles.alternatives)

    def _is_before_operators(self, word: int, head: int) -> bool:
        """Whether a dependent stands before the negation of its head, so that it is not reached."""
        operator = self._operator_position[head]
        return operator is None or (word < operator and self._tree.rightmost[word] < operator)

    @cached_property
    def _operator_position(self) -> list[int | None]:
        """For every word, where what turns its body stands: an adverb, or its subject."""
        positions: list[int | None] = []
        for word, children in enumerate(self._tree.children):
            found = [self._tree.leftmost[child] for child in children if self._turns(child)]
            subject = self._tree.subjects[word]
            if subject is not None and self._determined_body(subject) != UP:
                found.append(self._tree.leftmost[subject])
            if self._tree.lower[word] in self._predicates or self._is_not(word):
                found.append(word)
            positions.append(min(found, default=None))
        return positions

    def _turns(self, word: int) -> bool:
        return self._tree.lower[word] in self._adverbs or self._is_not(word) or self._is_phrase_negation(word)

    def _is_not(self, word: int) -> bool:
        return self._tree.lower[word].endswith(self._tree.roles.negation_suffixes)

    @cached_property
    def _adverb_effects(self) -> list[int]:
        """For every word, what its adverbs do to the polarity of its body."""
        return [self._turned_by_adverb(word) for word in range(len(self._tree))]

    def _turned_by_adverb(self, word: int) -> int:
        tree = self._tree
        polarity = UP
        for child in tree.children[word]:
            if tree.lower[child] in self._adverbs and tree.relations[child] in {"advmod", "aux", "det", "cc"}:
                polarity *= self._adverbs[tree.lower[child]].body
            elif self._is_not(child) or (self._is_phrase_negation(child)):
                polarity *= DOWN
        return polarity * (DOWN if self._is_not(word) or tree.lower[word] in self._adverbs else UP)

    def _is_phrase_negation(self, word: int) -> bool:
        """Whether a dependent is negated by a word of its own: "no longer", "at no time"."""
        tree = self._tree
        if tree.relations[word] not in {"advmod", "obl", "obl:unmarked"}:
            return False
        return not tree.child_forms[word].isdisjoint(self._negative_determiners)

    def _turned_by_subject(self, word: int) -> int:
        subject = self._tree.subjects[word]
        return UP if subject is None else self._determined_body(subject)

    def _determined_body(self, noun: int) -> int:
        polarity = UP
        for operator in self._operators[noun]:
            polarity *= operator.body
        return polarity

    def _determined(self, noun: int) -> int:
        """Polarity of a noun's restrictions by its determiners, or by its standing for all of its kind."""
        if not self._has_operators:
            return DOWN if self._is_generic(noun) else UP
        polarity = UP
        for operator in self._operators[noun]:
            polarity *= operator.restrictor
        return DOWN if polarity == UP and self._is_generic(noun) else polarity

    def is_quantified(self, noun: int) -> bool:
        """Whether a noun has an operator, or stands for all of its kind: its restrictions say of whom all is said."""
        return bool(self._operators[noun]) or self._is_generic(noun)

    def _is_all(self, noun: int) -> bool:
        """Whether of each of some things the same is said: "they cancelled all flights" speaks of every flight."""
        is_object = self._tree.relations[noun] == "obj"
        return is_object and any(each.restrictor == DOWN and each.body == UP for each in self._operators[noun])

    @cached_property
    def _operators(self) -> list[list[Operator]]:
        """For every word, the operators that determine it, or that it is itself."""
        return [self._operators_of(word) if self._has_operators else [] for word in range(len(self._tree))]

    def _operators_of(self, noun: int) -> list[Operator]:
        tree = self._tree
        found = [
            self._determiners[tree.lower[child]]
            for child in tree.children[noun]
            if child < noun and tree.lower[child] in self._determiners and tree.relations[child] in _DETERMINERS
        ]
        if tree.lower[noun] in self._determiners and tree.tags[noun] in {"PRON", "DET", "NOUN", "ADJ", "NUM", "SYM"}:
            found.append(self._determiners[tree.lower[noun]])
        return found

    def _is_generic(self, noun: int) -> bool:
        """Whether a noun stands for all of its kind: "pupils from other districts pay", but not "pupils protested"."""
        tree, head = self._tree, self._tree.heads[noun]
        # "If cold air comes" speaks of some air.
        if tree.relations[noun] not in _SUBJECTS or tree.tags[noun] != "NOUN" or tree.relations[head] == "advcl":
            return False
        if not tree.auxiliaries[head].isdisjoint(tree.roles.obligations):
            return tree.child_forms[noun].isdisjoint(tree.roles.vowel_articles)
        is_bare = tree.child_relations[noun].isdisjoint({"det", "nmod:poss", "nummod", "det:predet"})
        return is_bare and not tree.is_past(head)


__all__ = ["DOWN", "NONE", "UP", "Polarity"]
