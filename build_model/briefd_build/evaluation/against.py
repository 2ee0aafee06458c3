"""What changed since an earlier evaluation: texts whose faults went, and texts that have new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.lines import parse_object, read_lines, refused_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from briefd_build.evaluation.outcome import Example, Outcome

Earlier = dict[tuple[str, str], dict[str, Any]]
"""Examples of an earlier evaluation, by measure and id."""


@dataclass(frozen=True)
class Change:
    """A text that is answered otherwise, and what was said of it before."""

    example: Example
    given_before: str
    faults_before: tuple[str, ...]


@dataclass(frozen=True)
class Changes:
    """Of one measure: texts without a fault that had one, with one that had none, and others answered otherwise."""

    mended: tuple[Change, ...]
    broken: tuple[Change, ...]
    other: tuple[Change, ...]


def read_earlier(file: Path) -> Earlier:
    """Read what `--examples` wrote; raises `BuildError`."""
    earlier = {}
    for place, line in read_lines(file):
        with refused_at(place):
            record = parse_object(line, '{"measure": "...", "id": "...", "given": "...", "faults": []}')
            try:
                earlier[record["measure"], record["id"]] = {"given": record["given"], "faults": tuple(record["faults"])}
            except (KeyError, TypeError):
                raise ValueError("it is no example of a measure; name a file that --examples wrote") from None
    return earlier


def compare(outcomes: Mapping[str, Outcome], earlier: Earlier) -> dict[str, Changes]:
    """Compare the examples of each measure that both evaluations took; texts that only one has are left out."""
    changes = {}
    for name, outcome in outcomes.items():
        pairs = [(each, earlier[name, each.id]) for each in outcome.examples if (name, each.id) in earlier]
        if pairs:
            changes[name] = _sort([Change(each, before["given"], before["faults"]) for each, before in pairs])
    return changes


def _sort(pairs: list[Change]) -> Changes:
    mended = [each for each in pairs if each.faults_before and not each.example.faults]
    broken = [each for each in pairs if each.example.faults and not each.faults_before]
    other = [
        each
        for each in pairs
        if bool(each.faults_before) == bool(each.example.faults) and each.given_before != each.example.given
    ]
    return Changes(tuple(mended), tuple(broken), tuple(other))
