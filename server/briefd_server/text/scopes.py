"""What heads what: headings, and lines that lead into a list or a paragraph with a colon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.text.lines import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.text.lines import Block

_HEADED_KINDS = (Kind.PROSE, Kind.LIST_ITEM, Kind.TABLE_ROW, Kind.CODE)
_ENDING_SCOPES = (Kind.MAIL_HEADER, Kind.SIGNATURE, Kind.SPEECH)


def find_governors(text: str, blocks: Sequence[Block]) -> list[int | None]:
    """Tell for each block of a text which earlier block says how it is to be taken; None where none does.

    A line that ends in a colon governs the list that follows, or else the next paragraph alone; a heading governs all
    up to the next one. A leading line is governed by its heading in turn.
    """
    governors: list[int | None] = []
    heading: int | None = None
    lead: int | None = None
    for number, block in enumerate(blocks):
        governor = heading if lead is None else lead
        is_headed = block.kind in _HEADED_KINDS and governor is not None
        governors.append(governor if is_headed and _belong(blocks, governor, block) else None)
        if block.kind is Kind.HEADING:
            heading, lead = number, None
        elif block.kind in _ENDING_SCOPES:
            heading = lead = None
        elif block.kind is Kind.PROSE and text[block.end - 1] == ":":
            lead = number
            governors[-1] = heading
        elif block.kind is not Kind.LIST_ITEM or not _is_listed(blocks, number):
            lead = None
    return governors


def _belong(blocks: Sequence[Block], governor: int | None, block: Block) -> bool:
    return governor is not None and blocks[governor].is_quoted == block.is_quoted


def _is_listed(blocks: Sequence[Block], number: int) -> bool:
    """Tell whether the list goes on after this item."""
    return number + 1 < len(blocks) and blocks[number + 1].kind is Kind.LIST_ITEM
