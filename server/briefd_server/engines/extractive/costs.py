"""The one table of what the word chooser weighs, read from a bundle's manifest.

The defaults below are the table that ships: bundles are built with them, and a manifest may change single rows. They
were set by hand after reading what answers lost, and checked on the gold trees of the development treebanks. They are
not fitted to the words of human compressions: by that measure a lost "not" is one word of fifteen.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

# What cutting a phrase costs, by the name that `rules` gives it, in units of value (a word of average salience is worth
# about 0). No cut is free, and none is rewarded: a sentence said whole beats one that was cut five times. Set by hand,
# reading some 400 outputs, and checked on the development treebanks' gold trees. With dearer clauses and words that are
# worth more the length is filled better; of the 28 outputs that changed, 10 were then right instead of 14.
_PRICES = {
    "acl": 2.2, "acl:apart": 1.0, "acl:new": 3.4, "acl:ornament": 0.9, "acl:relcl": 3.0, "acl:relcl:new": 3.6,
    "acl:relcl:ornament": 0.8, "acl:to": 3.6, "advcl": 1.6, "advcl:apart": 1.2, "advcl:relcl": 1.0, "advcl:to": 2.6,
    "advmod": 1.4, "advmod:degree": 2.5, "advmod:direction": 3.0, "advmod:discourse": 0.2, "advmod:intensifier": 0.6,
    "amod": 2.1, "amod:bare": 2.4, "amod:new": 2.0, "amod:ornament": 0.8, "appos": 0.9, "cc": 0.8, "compound": 3.2,
    "compound:bare": 6.0, "conj": 1.6, "conj:clause": 1.0, "conj:contrast": 2.2, "conj:verb": 1.6, "dep": 1.2,
    "det:predet": 2.5, "discourse": 0.2, "dislocated": 0.8, "list": 1.0, "nmod": 1.9, "nmod:desc": 2.5,
    "nmod:figure": 2.8, "nmod:new": 3.4, "nmod:of": 3.6, "nmod:ornament": 1.2, "nmod:unmarked": 2.2, "obl": 1.5,
    "obl:agent": 2.2, "obl:apart": 1.3, "obl:date": 3.2, "obl:figure": 2.4, "obl:near": 3.4, "obl:of": 3.2,
    "obl:unmarked": 1.5, "other": 1.5, "parataxis": 1.0, "reparandum": 0.1, "vocative": 0.3,
}  # fmt: skip
_ENTRIES = {"root": 0.0, "reported": 1.0, "conj": 1.5, "parataxis": 1.5}
_TAGS = {
    "ADJ": 0.0, "ADP": 0.0, "ADV": -0.3, "AUX": 0.0, "CCONJ": 0.0, "DET": 0.0, "INTJ": -1.0, "NOUN": 0.2, "NUM": 0.2,
    "PART": 0.0, "PRON": 0.0, "PROPN": 0.4, "PUNCT": 0.0, "SCONJ": 0.0, "SYM": 0.0, "VERB": 0.2, "X": -0.5,
}  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """Weights and costs, in units of value.

    Attributes:
        prices: cost of cutting a phrase, by name (see `rules`).
        entries: cost of taking a word for the root, by class.
        tags: value of keeping a word, by part of speech.
        word: value of keeping any word.
        salience: value of one unit of salience log-odds.
        words_share: what a unit of the words' own worth counts between sentences.
        keep: cost of dropping an arc whose keeping has log-odds 1.
        crossed: cost of keeping a linking word whose arc crosses another: such an arc is mostly misread.
        prominence: value of one unit of a sentence's prominence log-odds.
        position: cost of every doubling of the number of sentences before.
        clause: value of a summary that is a clause with a subject.
        pronoun: cost of a summary whose subject is a pronoun.
        question: cost of a sentence that asks.
        join: cost of every sentence joined to another.
        aside: cost of a sentence that is a heading, a header line, code or quoted.
    """

    prices: dict[str, float] = field(default_factory=lambda: dict(_PRICES))
    entries: dict[str, float] = field(default_factory=lambda: dict(_ENTRIES))
    tags: dict[str, float] = field(default_factory=lambda: dict(_TAGS))
    word: float = 0.6
    salience: float = 0.3
    words_share: float = 0.35
    keep: float = 0.2
    crossed: float = 5.0
    prominence: float = 4.1
    position: float = 1.0
    clause: float = 2.0
    pronoun: float = 1.9
    question: float = 3.0
    join: float = 1.5
    aside: float = 4.0

    @classmethod
    def from_json(cls, table: object) -> Costs:
        """Read the table of a manifest; rows that it leaves out keep their defaults.

        Raises:
            ValueError: an unknown row, or a value that is not a finite number.
        """
        return replace(cls(), **{name: _checked(name, value) for name, value in _rows(table).items()})

    def to_json(self) -> dict[str, Any]:
        """Write the table for a manifest."""
        return asdict(self)


def _rows(table: object) -> dict[str, object]:
    if not isinstance(table, dict):
        raise ValueError("the chooser's costs must be an object; rebuild the bundle")  # noqa: TRY004 - one error for callers
    known = {row.name for row in fields(Costs)}
    for name in table:
        if name not in known:
            raise ValueError(f"the chooser's costs have an unknown row {name!r}; rebuild the bundle with this version")
    return table


def _checked(name: str, value: object) -> Any:  # a number, or a table of numbers
    start = getattr(Costs(), name)
    if isinstance(start, dict):
        if not isinstance(value, dict) or not set(value) <= set(start):
            raise ValueError(f"the chooser's costs have an unknown row under {name!r}; rebuild the bundle")
        return {**start, **{key: _number(f"{name}.{key}", entry) for key, entry in value.items()}}
    return _number(name, value)


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e6 < value < 1e6:
        raise ValueError(f"the chooser's cost {name} must be a number between -1e6 and 1e6; rebuild the bundle")
    return float(value)
