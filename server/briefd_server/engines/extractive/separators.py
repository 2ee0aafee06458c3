"""Which commas, dashes, colons and semicolons stay when words around them are dropped.

A separator sets something off: a phrase before the verb, an apposition, a clause, the next item of a list. It stays
while what it sets off has a kept word, and goes with it: "the pump[, which failed,] stopped", "figs[, pears] and nuts".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.marks import DASH, Mark, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

# Relations (https://universaldependencies.org/u/dep/) whose phrase a separator may set off from its head.
_SET_OFF_BEFORE_HEAD = frozenset(
    "advcl obl advmod discourse vocative parataxis dislocated ccomp acl dep reparandum nmod".split()
)
_SET_OFF_AFTER_HEAD = frozenset(
    "advcl obl advmod discourse vocative parataxis dislocated ccomp acl dep list appos nmod nummod flat amod "
    "orphan".split()
)
_LOOSE_RELATIONS = frozenset("conj parataxis list discourse".split())
_CLAUSE_TAGS = frozenset({"VERB", "AUX"})
_FEWEST_ITEMS_WITH_COMMA = 3
_STRENGTHS = {";": 3, ":": 2, DASH: 1}


class Phrases:
    """The subtrees of a dependency tree as ranges of words, and which of them still have a kept word."""

    def __init__(
        self, kept: Sequence[int], heads: Sequence[int], relations: Sequence[str], tags: Sequence[str]
    ) -> None:
        count = len(heads)
        self._heads = heads
        self._tags = tags
        self._relations = [relation.partition(":")[0] for relation in relations]
        self._first, self._last = list(range(count)), list(range(count))
        self._kept = frozenset(kept)
        self._is_alive = [word in self._kept for word in range(count)]
        self._has_subject = [False] * count
        self._alive_items = [1] * count
        self._gather()
        self._starting: list[list[int]] = [[] for _ in range(count + 1)]
        self._ending: list[list[int]] = [[] for _ in range(count + 1)]
        for word in range(count):
            self._starting[self._first[word]].append(word)
            self._ending[self._last[word] + 1].append(word)

    def _gather(self) -> None:
        """Carry every subtree's range up to its head, leaves first."""
        waiting = [0] * len(self._heads)
        for word, head in enumerate(self._heads):
            waiting[head] += head != word
        ready = [word for word, children in enumerate(waiting) if not children]
        for word in ready:
            head = self._heads[word]
            if head == word:
                continue
            self._first[head] = min(self._first[head], self._first[word])
            self._last[head] = max(self._last[head], self._last[word])
            self._is_alive[head] |= self._is_alive[word]
            self._has_subject[head] |= self._relations[word] in {"nsubj", "csubj", "expl"}
            self._alive_items[head] += self._relations[word] == "conj" and self._is_alive[word]
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)

    def are_set_off(self, gap: int, separated_gaps: frozenset[int]) -> bool:
        """Tell whether a separator in `gap` sets off something that has a kept word.

        Args:
            gap: the separator stands before this word.
            separated_gaps: all gaps that hold a separator.
        """
        return any(
            self._is_alive[word] and self._is_opened(word, separated_gaps) for word in self._starting[gap]
        ) or any(self._is_alive[word] and self._is_closed(word, separated_gaps) for word in self._ending[gap])

    def are_neighbouring_adjectives(self, left: int, right: int) -> bool:
        """Tell whether two words are adjectives of the same noun: "a big, [old,] red pump"."""
        return self._relations[left] == self._relations[right] == "amod" and self._heads[left] == self._heads[right]

    def is_main_clause_kept_to(self, word: int) -> bool:
        """Tell whether the root is kept and `word` belongs to its clause, or to another one that is kept."""
        for _ in self._heads:
            if self._heads[word] == word:
                break
            if self._relations[word] in _LOOSE_RELATIONS and word not in self._kept:
                return False
            word = self._heads[word]
        return word in self._kept

    def _is_opened(self, word: int, separated_gaps: frozenset[int]) -> bool:
        relation = self._relations[word]
        if self._heads[word] > self._last[word]:
            return relation in _SET_OFF_BEFORE_HEAD and self._last[word] + 1 in separated_gaps
        if relation == "conj":
            return self._is_item_after_comma(word)
        return self._heads[word] < self._first[word] and relation in _SET_OFF_AFTER_HEAD

    def _is_closed(self, word: int, separated_gaps: frozenset[int]) -> bool:
        relation = self._relations[word]
        if self._heads[word] > self._last[word]:
            return relation in _SET_OFF_BEFORE_HEAD
        is_after_head = self._heads[word] < self._first[word] and relation in _SET_OFF_AFTER_HEAD
        return is_after_head and self._first[word] in separated_gaps

    def _is_item_after_comma(self, word: int) -> bool:
        """Tell whether a conjunct has its comma: all but "and" its last item, unless that is a clause or the third."""
        if self._tags[self._first[word]] != "CCONJ":
            return True
        is_clause = self._has_subject[word] and self._tags[word] in _CLAUSE_TAGS
        return is_clause or self._alive_items[self._heads[word]] >= _FEWEST_ITEMS_WITH_COMMA


def choose_separator(marks: Sequence[Mark]) -> Mark | None:
    """Choose the one separator that a gap is written with: the strongest."""
    separators = [mark for mark in marks if mark.role is Role.SEPARATOR]
    return max(separators, key=lambda mark: _STRENGTHS.get(mark.form, 0), default=None)
