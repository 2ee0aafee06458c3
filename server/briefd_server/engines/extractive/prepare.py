"""The text as the chooser is offered it: sentences with their words, and what they are.

Datelines and the like ("LONDON (Reuters) — ", a time stamp, a bullet's number) are no part of what a sentence says and
are left out, unless the text has too few words without them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.text.blocks import Kind
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import Word, find_words

if TYPE_CHECKING:
    from briefd_server.text.sentences import Sentence

_ASIDE_KINDS = frozenset({Kind.HEADING, Kind.MAIL_HEADER, Kind.TABLE_ROW, Kind.CODE, Kind.LOG_LINE})
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_PLACE = r"[A-Z][A-Z.'’-]+(?:\s+[A-Z][A-Z.'’-]+){0,3}"
_AGENCY = r"\((?:AP|AFP|ANI|CNN|DPA|IANS|PTI|Reuters|UPI|Xinhua|Bloomberg|Associated Press)\)"
_DATELINE = re.compile(
    rf"""
      (?:{_PLACE}|[A-Z][\w.'’-]+)(?:,\s+[A-Z][\w.]+(?:\s[A-Z][\w.]+)?)?(?:,\s+[A-Z][a-z]{{2,8}}\.?\s+\d{{1,2}})?
        \s*{_AGENCY}\s*(?:--?|[–—:])?\s*
    | {_AGENCY}\s*(?:--?|[–—:])?\s*
    | {_PLACE}(?:,\s+[A-Z][\w.]+(?:\s[A-Z][\w.]+)?)?(?:,\s+[A-Z][a-z]{{2,8}}\.?\s+\d{{1,2}})?\s+(?:--?|[–—])\s+
        (?=[("'“‘]?[A-Z0-9])  # not "IBM - a maker of …"
    | (?!NASA|NATO|UNESCO|UNICEF)[A-Z]{{4,}}(?:\s[A-Z]{{3,}})?,\s[A-Z][a-z]+\.?\s(?=[A-Z])
    """,
    re.VERBOSE,
)
_BYLINE = re.compile(
    r"(?:By|BY|Written by|Posted by|Photo(?:graph)? by)\s+[A-Z][\w.'’-]+(?:\s+[A-Z][\w.'’-]+){1,3}\b[^.!?]{0,40}$"
)
_BOILERPLATE = re.compile(
    r"(?i)sent from my \w+\W*$|\bunsubscribe\b|all rights reserved|^(?:copyright|©)|^click here|do not reply to this|"
    r"^confidential(?:ity)? notice|view (?:this|in) (?:your )?(?:email|browser)|^(?:best|kind|warm) regards|"
    r"^(?:yours )?sincerely|^cheers\W*$|^(?:many )?thanks(?: in advance| again)?[,.!]?$|"
    r"^(?:hi|hello|dear|hey)\b.{0,40}[,!:]?$"
)


@dataclass(frozen=True, slots=True)
class TextSentence:
    """A sentence that words may be taken from.

    Attributes:
        start: where its content begins, after a bullet or a dateline, and `end` one past where it ends.
        words: the content's words, with offsets in the whole text.
        is_aside: a heading, a header line, a table row, a log line, code, a quotation, a greeting or boilerplate.
        is_question: it asks.
    """

    start: int
    end: int
    words: list[Word]
    is_aside: bool
    is_question: bool

    def words_within(self) -> list[Word]:
        """Give the words, with offsets from `start`."""
        return [Word(*(offset - self.start for offset in word)) for word in self.words]


def prepare(text: str, least_words: int) -> list[TextSentence]:
    """Find the sentences to choose from; with their labels and datelines only where `least_words` need them."""
    sentences = find_sentences(text)
    prepared = _with_words(text, sentences, [_content_start(text, sentence) for sentence in sentences])
    if sum(len(sentence.words) for sentence in prepared) < least_words:
        return _with_words(text, sentences, [sentence.start for sentence in sentences])
    return prepared


def _with_words(text: str, sentences: list[Sentence], starts: list[int]) -> list[TextSentence]:
    prepared = []
    for sentence, start in zip(sentences, starts, strict=True):
        if words := find_words(text, start, sentence.end):
            content = text[start : sentence.end]
            is_question = content.rstrip("\"'”’) ").endswith("?")
            prepared.append(TextSentence(start, sentence.end, words, _is_aside(sentence, content), is_question))
    return prepared


def _content_start(text: str, sentence: Sentence) -> int:
    dateline = _DATELINE.match(text, sentence.body_start, sentence.end)
    start = dateline.end() if dateline else sentence.body_start
    return start if _LETTER_OR_DIGIT.search(text, start, sentence.end) else sentence.start


def _is_aside(sentence: Sentence, content: str) -> bool:
    if sentence.kind in _ASIDE_KINDS or sentence.is_quoted:
        return True
    return bool(_BYLINE.match(content) or (len(content) < 120 and _BOILERPLATE.search(content)))
