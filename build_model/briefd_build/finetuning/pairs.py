"""Reading the pairs of texts and summaries from a file of JSON lines, and holding some of them out."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any, NamedTuple

from briefd_build.errors import BuildError
from briefd_build.lines import parse_object, read_bytes, read_lines, refused_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_KEYS = ("text", "summary")
_EXAMPLE = '{"text": "...", "summary": "..."}'
# A loss is known to a few hundredths from this many, and no evaluation takes long.
_MOST_HELD_OUT = 500


class Pair(NamedTuple):
    """A text and its summary, which is one line; `place` says where they stand, for messages."""

    text: str
    summary: str
    place: str


def read_pairs(file: Path) -> list[Pair]:
    """Read all pairs of a file; empty lines count as none.

    Raises:
        BuildError: a line holds no pair; the message names the first such line and the fix.

    """
    pairs = []
    for place, line in read_lines(file):
        with refused_at(place):
            pairs.append(Pair(*parse_pair(line), place))
    if not pairs:
        raise BuildError(f"{file} holds no pairs; write one a line: {_EXAMPLE}")
    return pairs


def parse_pair(line: str) -> tuple[str, str]:
    """Parse a line: an object with the strings `text` and `summary`, and whatever else.

    Returns:
        The text, white space trimmed, and the summary, every run of white space in it a space.

    Raises:
        ValueError: it is something else; the message states the fix and nothing of the line.

    """
    value = parse_object(line, _EXAMPLE)
    for key in _KEYS:
        _check_text(key, value)
    return value["text"].strip(), " ".join(value["summary"].split())


def _check_text(key: str, value: dict[str, Any]) -> None:
    if key not in value:
        raise ValueError(f"it has no {key!r}; add it, or remove the line")
    if not isinstance(value[key], str):
        raise ValueError(f"{key!r} is not a string; write one, or remove the line")  # noqa: TRY004 - a parser's error
    if not value[key].strip():
        raise ValueError(f"{key!r} is empty; fill it in, or remove the line")
    if any("\ud800" <= character <= "\udfff" for character in value[key]):
        raise ValueError(f"{key!r} has half of a character (a lone surrogate); write it whole")


def hold_out(pairs: Sequence[Pair], share: float, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Hold a share of the pairs out, at least one and 500 at most; all pairs of one text go together.

    Returns:
        The pairs to train on and those held out, each in their order.

    Raises:
        BuildError: there is nothing to hold out or nothing left to train on.

    """
    texts = list(dict.fromkeys(pair.text for pair in pairs))
    if len(texts) < 2:
        raise BuildError("there is one text only; add others, or give pairs to measure on with --eval")
    random.Random(seed).shuffle(texts)  # noqa: S311 - shuffling, not secrets
    count = min(max(1, round(len(texts) * share)), _MOST_HELD_OUT, len(texts) - 1)
    held_out = set(texts[:count])
    return [pair for pair in pairs if pair.text not in held_out], [pair for pair in pairs if pair.text in held_out]


def digest(file: Path) -> str:
    """SHA-256 of a file of pairs."""
    return hashlib.sha256(read_bytes(file)).hexdigest()
