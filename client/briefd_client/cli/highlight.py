"""Shows in the source text which words the summary kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from briefd_client.word_choices import Span


def highlight(
    text: str,
    spans: Iterable[Span],
    *,
    mark: Callable[[str], str],
    plain: Callable[[str], str] = str,
) -> str:
    """Return `text` with the parts inside `spans` passed through `mark` and the parts between them through `plain`.

    Args:
        text: The text that was summarized.
        spans: Code points of `text`, in order, without overlap; neighbours with only blanks between are marked as one.
        mark: Marks a kept part.
        plain: Makes any other part fit to be shown.
    """
    parts = []
    shown = 0
    for start, end in _joined(text, spans):
        parts += [plain(text[shown:start]), mark(text[start:end])]
        shown = end
    return "".join([*parts, plain(text[shown:])])


def bracketed(part: str) -> str:
    """Mark a part for a reader without colours."""
    return f"[[{part}]]"


def emphasized(part: str) -> str:
    """Mark a part for a terminal."""
    return click.style(part, bold=True, reverse=True)


def _joined(text: str, spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    joined: tuple[int, int] | None = None
    for span in spans:
        if joined is not None and not text[joined[1] : span.start].strip(" "):
            joined = joined[0], span.end
            continue
        if joined is not None:
            yield joined
        joined = span.start, span.end
    if joined is not None:
        yield joined
