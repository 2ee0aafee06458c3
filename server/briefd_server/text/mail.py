"""What of a mail is not its writer's text: what is quoted or forwarded below, and signatures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from briefd_server.text.lines import Kind
from briefd_server.text.tables import WORDS

if TYPE_CHECKING:
    from briefd_server.text.lines import Block

_DELIMITER = re.compile(r"^--[ ]?\r?$", re.MULTILINE)
_MOST_LINES_OF_SIGNATURE = 15
# One that begins with its date looks like a line of a log.
_HEADER_KINDS = (Kind.PROSE, Kind.LOG_LINE)
_LONGEST_ANSWER_HEADER = 300
_QUOTING = "|".join(sorted((re.escape(verb) for verb in WORDS["quoting_verbs"]), key=len, reverse=True))
_ANSWER_HEADER = re.compile(
    rf"(?=[^\d]{{0,200}}\d).{{0,300}}\b(?:{_QUOTING})\b(?:\s{{1,3}}[A-Z<\"][^\s:]{{0,60}}){{0,5}}\s{{0,3}}:\Z",
    re.DOTALL,
)
_FEWEST_WORDS_OF_ANSWER = 3
_MOST_WORDS_OF_NAME = 4


def mark_mail(text: str, blocks: list[Block]) -> list[Block]:
    """Mark headers of what is quoted, all that follows a forwarded header below an answer, and signatures."""
    blocks = _mark_answer_headers(text, blocks)
    blocks = _mark_forwarded(text, blocks)
    blocks = _mark_delimited(text, blocks)
    return _mark_signed(text, blocks)


def _mark_answer_headers(text: str, blocks: list[Block]) -> list[Block]:
    """Mark "On Monday at 9:12 Ann wrote:", before a quotation or by its verb."""
    marked = list(blocks)
    for number, block in enumerate(blocks):
        if (
            block.kind in _HEADER_KINDS
            and text[block.end - 1] == ":"
            and block.end - block.start <= _LONGEST_ANSWER_HEADER
        ):
            body = text[block.start : block.end]
            is_before_quotation = not block.is_quoted and number + 1 < len(blocks) and blocks[number + 1].is_quoted
            if _ANSWER_HEADER.match(body) or (is_before_quotation and any(map(str.isdigit, body))):
                marked[number] = block._replace(kind=Kind.MAIL_HEADER)
                if number and _is_first_half(text, blocks[number - 1], block):
                    marked[number - 1] = blocks[number - 1]._replace(kind=Kind.MAIL_HEADER)
    return marked


def _is_first_half(text: str, before: Block, block: Block) -> bool:
    """Tell whether the header's date and name stand in the line before its verb."""
    return (
        before.kind in _HEADER_KINDS
        and before.group == block.group
        and len(text[block.start : block.end].split(None, _MOST_WORDS_OF_NAME)) <= _MOST_WORDS_OF_NAME
        and any(map(str.isdigit, text[before.start : before.end]))
    )


def _mark_forwarded(text: str, blocks: list[Block]) -> list[Block]:
    word_count = 0
    for number, block in enumerate(blocks):
        if block.kind is not Kind.MAIL_HEADER:
            word_count += len(text[block.body_start : block.end].split(None, _FEWEST_WORDS_OF_ANSWER))
        elif word_count >= _FEWEST_WORDS_OF_ANSWER and _begins_headers(blocks, number):
            return [*blocks[:number], *(each._replace(is_quoted=True) for each in blocks[number:])]
    return blocks


def _begins_headers(blocks: list[Block], number: int) -> bool:
    """Tell whether two headers follow each other: one alone may be a line of the text ("Date: Monday")."""
    return number + 1 < len(blocks) and blocks[number + 1].kind is Kind.MAIL_HEADER and not blocks[number].is_quoted


def _mark_delimited(text: str, blocks: list[Block]) -> list[Block]:
    """Mark what follows the line "-- " (RFC 3676), up to a quotation or a header."""
    if "\n--" not in text:
        return blocks
    delimiter = next(reversed(list(_DELIMITER.finditer(text))), None)
    if delimiter is None or text.count("\n", delimiter.end()) > _MOST_LINES_OF_SIGNATURE:
        return blocks
    marked = list(blocks)
    for number, block in enumerate(blocks):
        if block.start > delimiter.end():
            if block.is_quoted or block.kind is Kind.MAIL_HEADER:
                break
            marked[number] = block._replace(kind=Kind.SIGNATURE)
    return marked


def _mark_signed(text: str, blocks: list[Block]) -> list[Block]:
    """Mark the name under "Best regards," and what stands with it."""
    marked = list(blocks)
    signed: Block | None = None
    for number, block in enumerate(marked):
        if block.kind is not Kind.PROSE:
            signed = None
            continue
        body = text[block.body_start : block.end]
        is_sign_off = number > 0 and body.rstrip(",.! ").lower() in WORDS["sign_offs"]
        if is_sign_off or (signed is not None and _belongs_to_name(block, body, signed)):
            marked[number] = signed = block._replace(kind=Kind.SIGNATURE)
        else:
            signed = None
    return marked


def _belongs_to_name(block: Block, body: str, signed: Block) -> bool:
    is_short = len(body.split(None, _MOST_WORDS_OF_NAME)) <= _MOST_WORDS_OF_NAME
    is_line = block.group == signed.group
    return (is_short and (is_line or body[-1] not in ".?!")) or (is_line and body[-1] not in ".?!")
