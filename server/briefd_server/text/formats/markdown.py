"""Markdown within lines: emphasis, code, links and images; what stands at a line's beginning is read by `blocks`."""

from __future__ import annotations

import re

from briefd_server.text.clean import Edit

_INLINE = re.compile(
    r"""!\[(?P<image>[^\[\]\n]{0,200})\]\([^()\s]{1,1000}(?:\s"[^"\n]{0,200}")?\)
    | (?<![\w\])])\[(?P<link>[^\[\]\n]{1,300})\]
        (?:\([^()\s]{1,1000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?(?:\s"[^"\n]{0,200}")?\)|\[[^\[\]\n]{1,60}\])
    | (?P<strong>\*\*\*|\*\*|~~)(?=[^\s*~])(?P<bold>[^\n]{1,300}?)(?<=[^\s*~])(?P=strong)
    | (?<![\w*\\])\*(?=[\w“"'‘\[])(?P<starred>[^*\n]{1,300})(?<=[\w.,;:!?”"'’%)\]])\*(?![\w*])
    | (?<![\w/.\\])_(?=[\w“"'‘\[])(?P<underlined>[^_\n]{1,300})(?<=[\w.,;:!?”"'’%)\]])_(?![\w/])
    | `(?P<code>[^`\n]{1,300})`""",
    re.VERBOSE,
)
_LETTER = re.compile(r"[^\W\d_]")
_DEEPEST = 3
_SIGNS = ("](", "][", "**", "__", "~~", "`", "*", "_")


def find_markdown(text: str) -> list[Edit]:
    """Find the marks of emphasis, code and links; a link's address goes with them, an image whole."""
    if not any(sign in text for sign in _SIGNS):
        return []
    edits: list[Edit] = []
    _collect(text, 0, len(text), edits)
    return edits


def _collect(text: str, start: int, end: int, edits: list[Edit], depth: int = 0) -> None:
    for match in _INLINE.finditer(text, start, end):
        group = match.lastgroup or ""
        if group == "image":
            edits.append(Edit(*match.span()))
            continue
        inner_start, inner_end = match.span(group)
        if group == "link" and text[inner_end + 1] == "[" and not _LETTER.search(text, inner_start, inner_end):
            continue  # two footnote marks: [3][6]
        edits.append(Edit(match.start(), inner_start))
        if group != "code" and depth < _DEEPEST:
            _collect(text, inner_start, inner_end, edits, depth + 1)
        edits.append(Edit(inner_end, match.end()))
