"""Where the sentences of a text begin and end.

Every word of the text lies in exactly one sentence. A block (see `blocks`) ends a sentence; inside prose, list items
and log lines a stop does, unless it belongs to an abbreviation, a number or a name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.blocks import Block, Kind, find_blocks
from briefd_server.text.stops import find_ends

if TYPE_CHECKING:
    from collections.abc import Sequence


class Sentence(NamedTuple):
    """A sentence of a text: characters `[start, end)`, white space trimmed.

    Its content begins at `body_start`: after a bullet, a number of a list, a time stamp, the name of a mail header or
    the quotation marks of a mail. `paragraph` is the index of its block: the sentences of one paragraph share it, while
    every list item and heading has its own.
    """

    start: int
    body_start: int
    end: int
    kind: Kind
    is_quoted: bool
    paragraph: int


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_WHOLE_KINDS = (Kind.CODE, Kind.TABLE_ROW, Kind.MAIL_HEADER, Kind.SIGNATURE)


def find_sentences(text: str) -> list[Sentence]:
    """Find the sentences of `text`, in order; each holds at least one letter or digit."""
    return split_blocks(text, find_blocks(text))


def split_blocks(text: str, blocks: Sequence[Block]) -> list[Sentence]:
    """Find the sentences of a text's blocks."""
    sentences: list[Sentence] = []
    for paragraph, block in enumerate(blocks):
        position = block.start
        ends = [block.end] if block.kind in _WHOLE_KINDS else find_ends(text, block.body_start, block.end)
        for end in ends:
            start = _skip_space(text, position, end)
            if _LETTER_OR_DIGIT.search(text, start, end):
                body_start = max(start, block.body_start)
                sentences.append(Sentence(start, body_start, end, block.kind, block.is_quoted, paragraph))
            position = end
    return sentences


def _skip_space(text: str, start: int, end: int) -> int:
    return end - len(text[start:end].lstrip())
