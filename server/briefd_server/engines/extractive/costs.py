"""The one table of what the word chooser weighs, read from a bundle's manifest.

`brief-build tune` finds the values (see `briefd_build.tuning`, which says how); the ones below are where it starts.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

# What dropping an arc of each class costs, in units of value (a word of average salience is worth about 1).
_RELATIONS = {
    "acl": 0.6, "acl:relcl": -0.2, "acl:to": 2.0, "advcl": 0.0, "advcl:relcl": -0.3, "advcl:to": 0.5,
    "advmod": -0.2, "advmod:degree": 0.6, "advmod:direction": 1.0, "advmod:discourse": -0.6,
    "advmod:intensifier": -1.0, "amod": 0.6, "appos": -0.3, "cc": -1.0, "compound": 1.5, "conj": 0.6,
    "conj:clause": 0.2, "conj:verb": 0.6, "dep": 0.0, "det:predet": 0.0, "discourse": -1.0, "dislocated": -0.5,
    "list": 0.0, "nmod": 0.8, "nmod:desc": 0.3, "nmod:of": 1.8, "nmod:unmarked": 0.0, "obl": 0.4,
    "obl:agent": 1.2, "obl:near": 1.2, "obl:of": 1.5, "obl:unmarked": 0.2, "parataxis": -0.5, "reparandum": -1.0,
    "vocative": -1.0,
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
        relations: cost of dropping an arc, by class (see `grammar`).
        entries: cost of taking a word for the root, by class.
        tags: value of keeping a word, by part of speech.
        word: value of keeping any word.
        salience: value of one unit of salience log-odds.
        keep: cost of dropping an arc whose keeping has log-odds 1.
        lead: value of standing at the sentence's start rather than at its end.
        crossed: cost of keeping a linking word whose arc crosses another: such an arc is mostly misread.
        prominence: value of one unit of a sentence's prominence log-odds.
        position: cost of every doubling of the number of sentences before.
        clause: value of a summary that is a clause with a subject.
        pronoun: cost of a summary whose subject is a pronoun.
        question: cost of a sentence that asks.
        join: cost of every sentence joined to another.
        aside: cost of a sentence that is a heading, a header line, code or quoted.
    """

    relations: dict[str, float] = field(default_factory=lambda: dict(_RELATIONS))
    entries: dict[str, float] = field(default_factory=lambda: dict(_ENTRIES))
    tags: dict[str, float] = field(default_factory=lambda: dict(_TAGS))
    word: float = 0.6
    salience: float = 0.3
    keep: float = 0.0
    lead: float = 0.3
    crossed: float = 3.0
    prominence: float = 1.5
    position: float = 0.7
    clause: float = 2.0
    pronoun: float = 1.5
    question: float = 3.0
    join: float = 1.5
    aside: float = 4.0

    @classmethod
    def from_json(cls, table: object) -> Costs:
        """Read the table of a manifest; rows that it leaves out keep their starting values.

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
