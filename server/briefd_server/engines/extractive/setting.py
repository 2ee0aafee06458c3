"""Where a sentence stands in its text, and what its marks say: what the choice of it knows beside its words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.languages import read_words
from briefd_server.text.blocks import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from briefd_server.engines.extractive.prepare import TextSentence

CUES = "choice"
"""A language's table of cues."""
_WORD = re.compile(r"[^\W\d_]+")
_OPENING_QUOTES = '"“”«„'
# A header's name is shorter than this.
_LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands around a sentence.

    Attributes:
        kind: of its block.
        paragraph: index of its block.
        is_quoted: it stands in a quoted part of a mail.
        is_title: a heading, or a mail's subject.
        severity: of a log line, by its own word: 0 (it is no trouble) to 1 (an error), 0.25 where it names none.
        exclaims: it ends with an exclamation mark.
        speaks: it holds quotation marks.
    """

    kind: Kind = Kind.PROSE
    paragraph: int = 0
    is_quoted: bool = False
    is_title: bool = False
    severity: float = 0.25
    exclaims: bool = False
    speaks: bool = False


_SEVERITIES = {"error": 1.0, "warning": 0.5, "info": 0.0, "debug": 0.0}
_UNNAMED_SEVERITY = 0.25


def read_settings(text: str, sentences: Sequence[TextSentence], language: str) -> list[Setting]:
    """Tell where each sentence stands; linear in the text."""
    cues = read_words(language, CUES)
    return [_setting(text, sentence, cues) for sentence in sentences]


def _setting(text: str, sentence: TextSentence, cues: Mapping[str, frozenset[str]]) -> Setting:
    content = text[sentence.start : sentence.end].rstrip(_OPENING_QUOTES + "'’) ")
    label = _label_before(text, sentence.start)
    return Setting(
        kind=sentence.kind,
        paragraph=sentence.paragraph,
        is_quoted=sentence.is_quoted,
        is_title=_is_title(sentence.kind, label, cues),
        severity=_SEVERITIES[sentence.severity] if sentence.severity else _UNNAMED_SEVERITY,
        exclaims=content.endswith("!"),
        speaks=any(mark in content for mark in _OPENING_QUOTES),
    )


def _label_before(text: str, start: int) -> list[str]:
    """Words of the line before a sentence's content, lower case: a header's name."""
    before = text[max(0, start - _LONGEST_LABEL) : start]
    return [word.lower() for word in _WORD.findall(before[before.rfind("\n") + 1 :])]


def _is_title(kind: Kind, label: Iterable[str], cues: Mapping[str, frozenset[str]]) -> bool:
    return kind is Kind.HEADING or (kind is Kind.MAIL_HEADER and not cues["subject_label"].isdisjoint(label))
