"""The text as the chooser is offered it: sentences with their words, what they are, and what they stand under.

Datelines and the like ("LONDON (Reuters) — ", a time stamp, a bullet's number) are no part of what a sentence says and
are left out, unless the text has too few words without them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.blocks import Kind, find_blocks
from briefd_server.text.labels import find_label
from briefd_server.text.scopes import find_governors
from briefd_server.text.sentences import split_blocks
from briefd_server.text.surroundings import find_dateline_end, is_boilerplate, is_byline
from briefd_server.text.words import Word, find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.text.blocks import Block
    from briefd_server.text.sentences import Sentence

_ASIDE_KINDS = (Kind.HEADING, Kind.MAIL_HEADER, Kind.TABLE_ROW, Kind.CODE, Kind.SIGNATURE)
_ASIDE_SEVERITIES = frozenset({"info", "debug"})
_LABELLED_KINDS = (Kind.PROSE, Kind.LIST_ITEM, Kind.LOG_LINE, Kind.SPEECH)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


class TextSentence(NamedTuple):
    """A sentence that words may be taken from; all offsets are of the text that `prepare` was given.

    Attributes:
        start: where its content begins, after a bullet or a dateline, and `end` one past where it ends.
        words: the content's words; those of a speaker's name and of a label, where it begins with them, come first.
        is_aside: a heading, a header line, a table row, code, a quotation, a greeting, boilerplate, or an entry of a
            log that says itself that it is no trouble.
        is_question: it asks.
        kind: what its block is.
        paragraph: number of its block; what is said of one block is not said of another.
        is_first_of_block: its block begins with it.
        is_quoted: it stands in a mail that is answered or forwarded.
        speaker: name of who says it, where there is a conversation; it may stand in an earlier sentence of the block.
        speaker_word_count: how many of `words`, from the first on, are the speaker's name: 0 where it stands elsewhere.
        label: what its statement is said to be ("RESOLVED", "Test alert", "Note"), without the colon.
        label_word_count: how many of `words`, after those of the speaker, are the label.
        governs_next: it is a heading or a line that ends in a colon, and governs what follows.
        governed_by: position of the sentence that governs it, in the list that it stands in.
        severity: "error", "warning", "info" or "debug", as an entry of a log says of itself.
    """

    start: int
    end: int
    words: list[Word]
    is_aside: bool
    is_question: bool
    kind: Kind = Kind.PROSE
    paragraph: int = 0
    is_first_of_block: bool = True
    is_quoted: bool = False
    speaker: tuple[int, int] | None = None
    speaker_word_count: int = 0
    label: tuple[int, int] | None = None
    label_word_count: int = 0
    governs_next: bool = False
    governed_by: int | None = None
    severity: str | None = None

    def words_within(self) -> list[Word]:
        """Give the words, with offsets from `start`."""
        return [Word(*(offset - self.start for offset in word)) for word in self.words]


class _Found(NamedTuple):
    """A sentence, the offset that it is read from and the words from there on, at least one."""

    sentence: Sentence
    start: int
    words: list[Word]


def prepare(text: str, least_words: int) -> list[TextSentence]:
    """Find the sentences to choose from; with their bullets and datelines only where `least_words` need them.

    Args:
        text: clean text (see `read_text`).
        least_words: how many words there have to be in all, if the text has as many.
    """
    blocks = find_blocks(text)
    sentences = split_blocks(text, blocks)
    found = _find_words(text, sentences, [_content_start(text, sentence) for sentence in sentences])
    if sum(len(each.words) for each in found) < least_words:
        found = _find_words(text, sentences, [sentence.start for sentence in sentences])
    return _describe_all(text, blocks, found)


def _find_words(text: str, sentences: Sequence[Sentence], starts: Sequence[int]) -> list[_Found]:
    found = (
        _Found(sentence, start, find_words(text, start, sentence.end))
        for sentence, start in zip(sentences, starts, strict=True)
    )
    return [each for each in found if each.words]


def _describe_all(text: str, blocks: Sequence[Block], found: Sequence[_Found]) -> list[TextSentence]:
    governors = find_governors(text, blocks)
    last_of_block = {each.sentence.paragraph: position for position, each in enumerate(found)}
    governing = {last_of_block.get(governor) for governor in governors if governor is not None}
    described: list[TextSentence] = []
    previous = -1
    for position, each in enumerate(found):
        paragraph = each.sentence.paragraph
        governor = governors[paragraph]
        described.append(
            _describe(
                text,
                blocks[paragraph],
                each,
                is_first=paragraph != previous,
                governs_next=position in governing,
                governed_by=None if governor is None else last_of_block.get(governor),
            )
        )
        previous = paragraph
    return described


def _describe(
    text: str, block: Block, found: _Found, *, is_first: bool, governs_next: bool, governed_by: int | None
) -> TextSentence:
    start, words, end, speaker = found.start, found.words, found.sentence.end, block.speaker
    speaker_end = speaker[1] if speaker is not None and start <= speaker[0] and speaker[1] <= end else start
    label = find_label(text, speaker_end, end) if block.kind in _LABELLED_KINDS else None
    speaker_word_count = _count_before(words, speaker_end)
    content = text[start:end]
    return TextSentence(
        start,
        end,
        words,
        is_aside=_is_aside(block, content),
        is_question=content.rstrip("\"'”’) ").endswith("?"),
        kind=block.kind,
        paragraph=found.sentence.paragraph,
        is_first_of_block=is_first,
        is_quoted=block.is_quoted,
        speaker=speaker,
        speaker_word_count=speaker_word_count,
        label=label,
        label_word_count=_count_before(words, label[1]) - speaker_word_count if label else 0,
        governs_next=governs_next,
        governed_by=governed_by,
        severity=block.severity,
    )


def _count_before(words: Sequence[Word], end: int) -> int:
    count = 0
    while count < len(words) and words[count].start < end:
        count += 1
    return count


def _content_start(text: str, sentence: Sentence) -> int:
    start = find_dateline_end(text, sentence.body_start, sentence.end)
    return start if _LETTER_OR_DIGIT.search(text, start, sentence.end) else sentence.start


def _is_aside(block: Block, content: str) -> bool:
    if block.kind in _ASIDE_KINDS or block.is_quoted or block.severity in _ASIDE_SEVERITIES:
        return True
    return is_byline(content) or is_boilerplate(content)
