"""A label before a statement, which says how it is to be taken: "RESOLVED: …", "Test alert: …", "fix(pump): …"."""

from __future__ import annotations

import re

from briefd_server.text.tables import WORDS

_LABEL = re.compile(
    r"[\[*_]{0,3}(?P<label>[^\W_](?:[^:;.!?\n\"“”]|;(?=\w)){0,60}?(?:\.[^\W_][\w.]{0,30})?)"
    r"[\]*_]{0,3}(?::[*_]{0,3}|(?P<dash>\s[-–—]))\s+(?=\S)"
)
_SEPARATOR = re.compile(r":|\s[-–—]\s")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:[;'’-][^\W\d_]+)*")
_MOST_WORDS = 5
_LONGEST = 70
_OPENS_STATEMENT = "\"'“‘«„("


def find_label(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Find the label that `text[start:end]` begins with, without its colon; None where it has none."""
    if not _SEPARATOR.search(text, start, min(end, start + _LONGEST)):
        return None
    start = _past_marks(text, start, end)
    match = _LABEL.match(text, start, end)
    if match is None or not _is_label(match["label"], text[match.end()]):
        return None
    if match["dash"] and not (match["label"].isupper() and match["label"].lower() in WORDS["labels"]):
        return None
    return match.span("label")


def _past_marks(text: str, start: int, end: int) -> int:
    while start < end and text[start] in " \t:>":
        start += 1
    return start


def _is_label(label: str, following: str) -> bool:
    """Tell a label from the first half of a sentence ("There are two options: red and blue")."""
    words = label.split(None, _MOST_WORDS)
    if len(words) > _MOST_WORDS:
        return False
    first_word = _FIRST_WORD.match(label)
    if label.isupper() or (first_word and first_word.group().lower() in WORDS["labels"]):
        return True
    if not label[0].isupper():
        return False
    return len(words) == 1 or following.isupper() or following in _OPENS_STATEMENT
