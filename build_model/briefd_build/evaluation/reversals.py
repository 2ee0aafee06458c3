"""Texts that say no, or yes under a condition: whether a summary that makes their statement keeps what governs it.

A line of the file says by which words a summary counts as making the statement, and what it must then hold: "accepts
patients" needs its "no longer", "the pump may run" its "only if the valve is open". An answer that takes another
statement of the text avoids the question: no fault, but counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.evaluation.answers import summarize
from briefd_build.evaluation.compression import lower_words
from briefd_build.evaluation.outcome import Example, Outcome
from briefd_build.evaluation.own_texts import read_own_texts
from briefd_build.evaluation.wilson import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import Engine

REVERSED = "reversed or stripped"

Phrases = tuple[str, ...]
"""Words and phrases, as `_plain` writes them."""


@dataclass(frozen=True)
class Reversal:
    """A text with a statement that something governs.

    Attributes:
        id, kind: name it, and say what governs the statement.
        text: that is summarized.
        statements: alternatives; a summary that holds all phrases of one makes the statement.
        keeps: alternatives; such a summary must hold all phrases of one.
    """

    id: str
    kind: str
    text: str
    statements: tuple[Phrases, ...]
    keeps: tuple[Phrases, ...]

    def is_made(self, summary: str) -> bool:
        """Whether a summary makes the statement."""
        return _holds_one(summary, self.statements)

    def is_kept(self, summary: str) -> bool:
        """Whether a summary holds what governs the statement."""
        return _holds_one(summary, self.keeps)


def read_reversals(language: str = "en") -> list[Reversal]:
    """Read the reversals of a language; none where it has none."""
    return [parse_reversal(record) for record in read_own_texts("reversals", language)]


def parse_reversal(record: dict[str, Any]) -> Reversal:
    """Read a line; an alternative is a list of words and phrases, or a text of single words."""
    return Reversal(
        record["id"],
        record["kind"],
        record["text"],
        tuple(_phrases(each) for each in record["statement"]),
        tuple(_phrases(each) for each in record["keep"]),
    )


def measure_reversals(engine: Engine, reversals: Sequence[Reversal]) -> Outcome:
    """Answer the texts; the figures are shares of all of them, the parts the reversed ones of every kind."""
    examples = tuple(_example(engine, reversal) for reversal in reversals)
    verdicts = [example.notes["verdict"] for example in examples]
    figures = {name: Share.of(verdict == name for verdict in verdicts) for name in (REVERSED, "kept", "avoided")}
    parts = {}
    for kind in sorted({each.kind for each in reversals}):
        chosen = (verdict for verdict, each in zip(verdicts, reversals, strict=True) if each.kind == kind)
        parts[f"kind: {kind}"] = Share.of(verdict == REVERSED for verdict in chosen)
    return Outcome(dict(figures), examples, parts)


def judge_reversal(reversal: Reversal, summary: str) -> str:
    """Say what a summary does with the statement: `kept`, `avoided` or `REVERSED`."""
    if not reversal.is_made(summary):
        return "avoided"
    return "kept" if reversal.is_kept(summary) else REVERSED


def _example(engine: Engine, reversal: Reversal) -> Example:
    given = summarize(engine, reversal.text).text
    verdict = judge_reversal(reversal, given)
    notes = {
        "kind": reversal.kind,
        "verdict": verdict,
        "keep": [list(each) for each in reversal.keeps],
    }
    return Example(reversal.id, reversal.text, given, (REVERSED,) if verdict == REVERSED else (), notes)


def _phrases(alternative: str | list[str]) -> Phrases:
    phrases = alternative.split() if isinstance(alternative, str) else alternative
    return tuple(map(_plain, phrases))


def _plain(text: str) -> str:
    """Write the words only, lower case, apostrophes alike, without the stops that may close them."""
    words = (word.rstrip(".") for word in lower_words(text))
    return " ".join(words).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


def _holds_one(summary: str, alternatives: tuple[Phrases, ...]) -> bool:
    plain = _plain(summary)
    return any(all(_holds(plain, phrase) for phrase in each) for each in alternatives)


def _holds(plain: str, phrase: str) -> bool:
    """Whether the phrase stands there whole; "31" does in "-31"."""
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", plain) is not None
