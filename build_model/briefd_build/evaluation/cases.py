"""Texts with the answers that would be right: how many answers are one of them.

The file is the project's own, after public complaints about summarizers; an answer that a fresh reader found right
joins a text's list, with the reason under `added_why`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.own_texts import read_own_texts
from briefd_build.evaluation.wilson import Share
from briefd_server.engines.base import Task, UnwatchedCall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import Engine

NOT_LISTED = "not listed"


@dataclass(frozen=True)
class Case:
    """A text, the asked length, and the right answers; `kind` and `cause` say what is hard about it."""

    id: str
    kind: str
    cause: str
    text: str
    least: int
    most: int
    acceptable: tuple[str, ...]


def read_cases(language: str = "en") -> list[Case]:
    """Read the cases of a language; none where it has none."""
    return [
        Case(
            record["id"],
            record["kind"],
            record["cause"],
            record["text"],
            record["min"],
            record["max"],
            tuple(record["acceptable"]),
        )
        for record in read_own_texts("cases", language)
    ]


def measure_cases(engine: Engine, cases: Sequence[Case]) -> Outcome:
    """Answer the cases; the figure is the share of listed answers, and its parts that of every kind and cause."""
    examples = tuple(_example(engine, case) for case in cases)
    parts = {}
    for name in ("kind", "cause"):
        for value in sorted({getattr(case, name) for case in cases} - {""}):
            chosen = [
                not each.faults for each, case in zip(examples, cases, strict=True) if getattr(case, name) == value
            ]
            parts[f"{name}: {value}"] = Share.of(chosen)
    return Outcome({"equal to a listed answer": Share.of(not each.faults for each in examples)}, examples, parts)


def normalize(answer: str) -> str:
    """Put an answer in the form in which answers are compared: single blanks, lower case, no final stop."""
    return " ".join(answer.split()).lower().removesuffix(".")


def _example(engine: Engine, case: Case) -> Example:
    given = engine.summarize(Task(case.text, case.least, case.most), UnwatchedCall()).text
    is_listed = normalize(given) in map(normalize, case.acceptable)
    notes = {"kind": case.kind, "cause": case.cause, "acceptable": list(case.acceptable)}
    return Example(case.id, case.text, given, () if is_listed else (NOT_LISTED,), notes)
