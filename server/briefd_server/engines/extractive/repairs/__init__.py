"""Attachments that grammar settles but a small parser may miss.

Every repair looks at a tree and tells which words hang elsewhere; the moves are made one after the other, those aside
that would close a circle.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.repairs import clauses, conditions, links, names, reports
from briefd_server.engines.extractive.repairs.moves import may_be_below
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_tree import SentenceTree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from briefd_server.engines.extractive.reading import SentenceReading
    from briefd_server.engines.extractive.repairs.moves import Move

REPAIRS: tuple[Callable[[SentenceTree], Iterable[Move]], ...] = (
    names.join_dates,
    names.join_ranges,
    names.join_thresholds,
    names.join_numbers,
    reports.hang_contents,
    reports.share_subjects,
    reports.end_with_report,
    reports.report_fronted,
    reports.hang_fronted,
    conditions.hang_inverted,
    conditions.hang_focus,
    conditions.hang_focus_of_clauses,
    conditions.hang_condition_phrases,
    links.hang_conjunctions,
    links.hang_prepositions,
    links.hang_places,
    clauses.hang_after_stops,
    clauses.hang_after_relative_clauses,
    clauses.hang_clauses,
)
"""The repairs, in the order in which they are made."""


def repair(reading: SentenceReading) -> SentenceReading:
    """Hang words on what they nearly always belong to; a tree stays a tree."""
    roles = read_roles(reading.language)
    tree = SentenceTree(reading, roles)
    for find_moves in REPAIRS:
        if moves := list(find_moves(tree)):
            reading = moved(reading, moves)
            tree = SentenceTree(reading, roles)
    return reading


def moved(reading: SentenceReading, moves: Iterable[Move]) -> SentenceReading:
    """Make moves one after the other, those aside that would close a circle or take the root away."""
    heads, relations, tags = list(reading.heads), list(reading.relations), list(reading.tags)
    for move in moves:
        if heads[move.word] != move.word and not may_be_below(heads, move.head, move.word):
            heads[move.word] = move.head
            relations[move.word] = move.relation or relations[move.word]
            tags[move.word] = move.tag or tags[move.word]
    return replace(reading, heads=heads, relations=relations, tags=tags)
