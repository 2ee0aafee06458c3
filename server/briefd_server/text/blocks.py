"""Which lines of a text belong together: its blocks.

A block is a paragraph, a heading, a list item, a table row, a mail header, a log line, a turn of a conversation or a
line of code. Lines that were broken only to fit a width are joined into one paragraph; lines that were broken on
purpose stay apart.
"""

from __future__ import annotations

import re
from itertools import pairwise

from briefd_server.text.lines import (
    Block,
    Kind,
    Line,
    has_final_stop,
    is_fence,
    is_in_columns,
    is_source_of_trace,
    read_line,
)
from briefd_server.text.mail import mark_mail
from briefd_server.text.speech import mark_speakers
from briefd_server.text.tables import WORDS

__all__ = ["Block", "Kind", "find_blocks"]


_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_ONE_LINE_KINDS = (Kind.CODE, Kind.TABLE_ROW, Kind.HEADING)
_LISTED_KINDS = (Kind.LIST_ITEM, Kind.TABLE_ROW)

# A paragraph set for a mail or a terminal is at most this wide; in a wider one every line is a paragraph.
_WIDEST_WRAP = 130
_NARROWEST_WRAP = 40
# A narrow column of prose has some lines, most of which begin low and some of which end in the midst of a phrase.
# Set by hand on columns of one to four words and on lists of goods.
_FEWEST_LINES_OF_COLUMN = 4
_LINES_FOR_AN_UNFINISHED_END = 8
# A full line may fall this far short of the widest one: not every writer fills lines by machine.
_RAGGEDNESS = 0.9
_LONGEST_HEADING_WORDS = 12
_SHORTEST_UNDER_HEADING = 40
# Over a gap, so few words head even a short paragraph of so many.
_LONGEST_SHORT_HEADING_WORDS = 4
_FEWEST_WORDS_UNDER_HEADING = 5


def find_blocks(text: str) -> list[Block]:
    """Find the blocks of `text`, in order; lines without a letter or a digit only part them."""
    blocks: list[Block] = []
    for number, group in enumerate(_groups(text)):
        width = max(line.end - line.start for line in group)
        is_wrapped, is_column = _is_wrapped(group, width), _is_narrow_column(group, width)
        previous: Line | None = None
        for line in group:
            if previous is not None and (is_column or _continues(previous, line, width, is_wrapped=is_wrapped)):
                blocks[-1] = blocks[-1]._replace(end=line.end)
            else:
                blocks.append(Block(*line[:5], number, line.speaker, line.severity))
            previous = line
    return mark_mail(text, _mark_headings(text, blocks))


def _groups(text: str) -> list[list[Line]]:
    """Part the lines where a line is empty or holds no word, and where code begins and ends."""
    lines: list[Line] = []
    sizes: list[int] = []
    start = size = 0
    is_fenced = False
    for raw in text.splitlines(keepends=True):
        if is_fence(raw):
            is_fenced = not is_fenced
        if _LETTER_OR_DIGIT.search(raw):
            is_code = is_fenced or (bool(size) and is_source_of_trace(raw, lines[-1]))
            lines.append(read_line(raw, start, is_fenced=is_code))
            size += 1
        elif size:
            if _UNDERLINE.fullmatch(raw):
                lines[-1] = _underlined(lines[-1])
            sizes.append(size)
            size = 0
        start += len(raw)
    lines = mark_speakers(lines)
    groups = []
    first = 0
    for count in [*sizes, size]:
        if count:
            groups.append(_keep_lone_rows_as_prose(lines[first : first + count]))
        first += count
    return groups


def _underlined(line: Line) -> Line:
    return line._replace(kind=Kind.HEADING) if line.kind is Kind.PROSE and not line.ends_with_stop else line


def _keep_lone_rows_as_prose(group: list[Line]) -> list[Line]:
    if sum(line.kind is Kind.TABLE_ROW for line in group) != 1:
        return group
    return [line._replace(kind=Kind.PROSE) if is_in_columns(line.body) else line for line in group]


def _is_wrapped(group: list[Line], width: int) -> bool:
    """Tell whether lines were broken to fit `width`: most could not have taken the first word of the next line."""
    if len(group) == 1 or not _NARROWEST_WRAP <= width <= _WIDEST_WRAP:
        return False
    pairs = [(a, b) for a, b in pairwise(group) if not a.ends_with_stop]
    full_count = sum(_is_full(a, b, width) for a, b in pairs)
    if len(group) == 2 or (full_count == len(pairs) and group[-1].ends_with_stop):
        return group[-1].ends_with_stop
    capital_count = sum(b.body[:1].isupper() and not b.body.isupper() for _, b in pairs)
    return 10 * full_count >= 6 * len(pairs) and 2 * capital_count <= len(pairs)


def _is_narrow_column(group: list[Line], width: int) -> bool:
    """Tell whether lines are prose in a narrow column, down to a word a line, and no list of short items."""
    if width >= _NARROWEST_WRAP or len(group) < _FEWEST_LINES_OF_COLUMN or not group[-1].ends_with_stop:
        return False
    if any(line.kind is not Kind.PROSE or line.is_quoted != group[0].is_quoted for line in group):
        return False
    low_count = sum(line.body[:1].islower() for line in group[1:])
    unfinished_count = sum(_is_unfinished(line) for line in group)
    return 2 * low_count >= len(group) and unfinished_count * _LINES_FOR_AN_UNFINISHED_END >= len(group)


def _is_unfinished(line: Line) -> bool:
    return line.body.rsplit(None, 1)[-1].lower() in WORDS["unfinished_ends"]


def _is_full(line: Line, following: Line, width: int) -> bool:
    next_word_length = len(following.body.split(None, 1)[0])
    return line.end - line.start + 1 + next_word_length > _RAGGEDNESS * width


def _continues(line: Line, following: Line, width: int, *, is_wrapped: bool) -> bool:
    if following.kind is not Kind.PROSE or line.is_quoted != following.is_quoted or line.kind in _ONE_LINE_KINDS:
        return False
    if line.kind is Kind.MAIL_HEADER:
        return following.is_indented
    if is_wrapped and _is_full(line, following, width):
        return True
    return not line.ends_with_stop and _runs_on(line, following, width)


def _runs_on(line: Line, following: Line, width: int) -> bool:
    """Tell from the words at a line's end and the next one's beginning that one sentence runs across."""
    starts_low = following.body[:1].islower()
    if line.kind is Kind.LIST_ITEM:
        return starts_low or following.is_indented
    if starts_low and (width >= _NARROWEST_WRAP or line.body[:1].isupper()):
        return True
    return _is_unfinished(line)


def _mark_headings(text: str, blocks: list[Block]) -> list[Block]:
    """Mark headings from the end on: a heading may stand over another one."""
    marked: list[Block] = []
    following: Block | None = None
    for number in reversed(range(len(blocks))):
        block = blocks[number]
        # The last of several lines over an empty one is the end of an address or a form.
        is_last_of_lines = number > 0 and blocks[number - 1].group == block.group and block.kind is Kind.PROSE
        ends_lines = is_last_of_lines and following is not None and following.group != block.group
        following = (
            block._replace(kind=Kind.HEADING) if not ends_lines and _is_heading(text, block, following) else block
        )
        marked.append(following)
    return marked[::-1]


def _is_heading(text: str, block: Block, following: Block | None) -> bool:
    """Tell whether a short line without a stop stands over a longer paragraph, a list or another heading."""
    if block.kind is not Kind.PROSE or following is None or block.is_quoted != following.is_quoted:
        return False
    body = text[block.body_start : block.end]
    if body.endswith((",", "-", "–", "—")) or has_final_stop(body) or not _has_few_words(body, _LONGEST_HEADING_WORDS):
        return False
    is_few = _has_few_words(body, _LONGEST_SHORT_HEADING_WORDS)
    is_apart = block.group != following.group
    if following.kind is Kind.PROSE:
        return _is_long_under(block, following) or (is_few and is_apart and _says_something(text, following))
    return is_few and (following.kind is Kind.LIST_ITEM or (following.kind is Kind.HEADING and is_apart))


def _is_long_under(block: Block, following: Block) -> bool:
    return following.end - following.start >= max(_SHORTEST_UNDER_HEADING, 2 * (block.end - block.start))


def _says_something(text: str, block: Block) -> bool:
    return not _has_few_words(text[block.body_start : block.end], _FEWEST_WORDS_UNDER_HEADING - 1)


def _has_few_words(body: str, most: int) -> bool:
    return len(body.split(None, most)) <= most
