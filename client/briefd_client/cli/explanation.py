"""Shows, word by word, what was kept and what was dropped, and by which rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_client.cli.highlight import emphasized
from briefd_client.word_choices import Polarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_client.cli.terminal import Terminal
    from briefd_client.word_choices import Span, WordChoice

_HEADINGS = ("word", "", "rule", "why")
_MAX_WORD_LENGTH = 24
_PLACES = {
    Polarity.UP: "less is still true here",
    Polarity.DOWN: "less claims more here",
    Polarity.NONE: "less need not be true here",
}


def explanation_table(text: str, explanation: Sequence[WordChoice], terminal: Terminal) -> str:
    """Write a line a word: the word, whether it was kept, the rule, and what the rule looked at.

    Args:
        text: The text that was summarized.
        explanation: Of its summary.
        terminal: Where the table goes; kept words are styled where styles are shown.
    """
    if not explanation:
        return "no explanation: the model that answered gives none"
    rows = [_HEADINGS, *(_row(text, choice, terminal) for choice in explanation)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    if terminal.shows_styles:
        lengths = [0, *(len(row[0]) if choice.kept else 0 for row, choice in zip(rows[1:], explanation, strict=True))]
        lines = [_emphasize_start(line, length) for line, length in zip(lines, lengths, strict=True)]
    return "\n".join(lines)


def _row(text: str, choice: WordChoice, terminal: Terminal) -> tuple[str, str, str, str]:
    word = _word(text, choice.span, terminal)
    return word, "kept" if choice.kept else "dropped", terminal.harmless(choice.rule), _why(text, choice, terminal)


def _why(text: str, choice: WordChoice, terminal: Terminal) -> str:
    reasons = []
    if choice.serves is not None:
        reasons.append(f'serves "{_word(text, choice.serves, terminal)}"')
    if choice.polarity is not None:
        reasons.append(_PLACES[choice.polarity])
    return "; ".join(reasons)


def _word(text: str, span: Span, terminal: Terminal) -> str:
    """Return a word of the text on one line, shortened where it is too long for a table."""
    word = " ".join(terminal.harmless(text[span.start : span.end]).split())
    return word if len(word) <= _MAX_WORD_LENGTH else f"{word[: _MAX_WORD_LENGTH - 1]}…"


def _emphasize_start(line: str, length: int) -> str:
    return emphasized(line[:length]) + line[length:] if length else line
