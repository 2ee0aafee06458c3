"""HTML and XML: tags become layout, character references the characters that they stand for.

The tags are found here and not by `html.parser`, which takes quadratic time on tags that never close (8,000 times
"<a " took it 5 s). Lists, headings, quotations and tables are written as a plain text has them, for `blocks` to read.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.clean import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARK = re.compile(
    r"""<!--
    | <(?P<slash>/?)(?P<name>[a-zA-Z][\w:.-]*)(?=[\s/>])(?P<rest>(?:[^<>"']|"[^"<]*"|'[^'<]*')*)>
    | <[!?][a-zA-Z\[][^<>]*>
    | &(?:amp;){0,2}(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});""",
    re.VERBOSE,
)
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6", "title"])
_PARAGRAPHS = _HEADINGS | frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form head header hgroup hr html legend li main ol p pre section summary table tbody tfoot thead "
    "tr ul".split()
)
_CELLS = frozenset(["td", "th"])
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big br cite code data del dfn em font i iframe img input ins kbd label link mark meta q "
    "s samp small span strike strong sub sup time tt u var video wbr".split()
)
# What a page has around its text, or for the browser.
_CODE = frozenset(["script", "style", "noscript", "template"])
_UNREAD = _CODE | frozenset("svg nav button select object canvas math".split())
_KNOWN = _PARAGRAPHS | _CELLS | _INLINE | _UNREAD
_ALWAYS_EMPTY = frozenset(["br", "hr", "wbr"])
_OFTEN_UNCLOSED = frozenset(["p", "li", "dd", "dt", "td", "th", "tr", "img"])
_TAG_NAME = re.compile(r"<(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,20})\b")
_FIRST_TAG = re.compile(r"\s*<[!?/]?(?P<name>[a-zA-Z][\w:-]*)")
_PAGE = re.compile(r"(?i).{0,4000}?<(?:!doctype|html)\b", re.DOTALL)
_END_OF_PAGE = re.compile(r"(?i)</(?:html|body)>")
_PREFIXES = dict.fromkeys(_HEADINGS, "# ") | {"li": "- "}
_SPACE = re.compile(r"\s+")
_ESCAPED_TAG = re.compile(r"&lt;/?(?:p|div|br|li|ul|b|i|a|span|h[1-6])\b")


class _Mark(NamedTuple):
    """A tag, a comment or what is not read: `name` is lower case, "" for a comment."""

    start: int
    end: int
    name: str
    is_closing: bool


def find_hypertext(text: str) -> list[Edit]:
    """Find tags and character references, with the layout or the character that is read for each."""
    if "<" not in text and "&" not in text:
        return []
    return _Reader(text).edits()


def holds_escaped_tags(text: str) -> bool:
    """Tell whether tags are spelled with references, as in feeds: "&lt;p&gt;"."""
    return "&lt;" in text and _ESCAPED_TAG.search(text) is not None


class _Reader:
    """Reads one text, from its start to its end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[Edit] = []
        self._run: list[_Mark] = []
        self._position = 0
        self._quotation_depth = 0
        self._has_table_heads = "<th" in text or "<TH" in text
        stripped = text.strip()
        self._is_markup = stripped.startswith("<") and stripped.endswith(">")
        first = _FIRST_TAG.match(text)
        begins_block = first is not None and first["name"].lower() not in _INLINE and self._is_markup
        self._is_document = begins_block or bool(_PAGE.match(text) and _END_OF_PAGE.search(text))
        self._marking = self._find_marking()

    def edits(self) -> list[Edit]:
        for mark in self._marks():
            if self._text[self._position : mark.start].strip() or isinstance(mark, Edit):
                self._close_run()
                self._join_lines(self._position, mark.start)
            if isinstance(mark, Edit):
                self._edits.append(mark)
            else:
                self._run.append(mark)
            self._position = mark.end
        self._close_run()
        self._join_lines(self._position, len(self._text))
        return self._edits

    def _marks(self) -> Iterator[_Mark | Edit]:
        position = 0
        closers: dict[str, int] = {}
        while match := _MARK.search(self._text, position):
            position = match.end()
            name = (match["name"] or "").lower()
            if match.group().startswith("&"):
                if (meant := html.unescape(html.unescape(match.group()))) != match.group():
                    yield Edit(match.start(), match.end(), meant.replace("\0", "\ufffd"))
            elif name and not self._is_tag(name, match["rest"]):
                continue
            else:
                if match.group() == "<!--":
                    position = self._past("-->", position, closers)
                elif (
                    name in (_UNREAD if self._is_document else _CODE)
                    and not match["slash"]
                    and not match["rest"].endswith("/")
                ):
                    position = self._past(rf"</{name}\s{{0,9}}>", position, closers)
                yield _Mark(match.start(), position, name, bool(match["slash"]))

    def _is_tag(self, name: str, rest: str) -> bool:
        """Tell a tag from a comparison ("a <b and c> d"), an address ("<joe>") or a mention ("the <div> element")."""
        if name not in _KNOWN:
            return self._is_markup
        return name in self._marking and ("=" in rest or not rest.strip(" \t\r\n/"))

    def _find_marking(self) -> frozenset[str]:
        """Find the names whose tags mark something: as many open as close, or none has to; all, in a page."""
        if self._is_markup or self._is_document:
            return _KNOWN
        opened: Counter[str] = Counter()
        closed: Counter[str] = Counter()
        for match in _TAG_NAME.finditer(self._text):
            (closed if match["slash"] else opened)[match["name"].lower()] += 1
        marking = {name for name, count in closed.items() if opened[name] == count} | _ALWAYS_EMPTY
        return frozenset(marking | _OFTEN_UNCLOSED if marking & _PARAGRAPHS else marking)

    def _past(self, closer: str, position: int, closers: dict[str, int]) -> int:
        """Return where `closer` ends, `position` where there is none; what is known of it is not searched again."""
        found = closers.get(closer, 0)
        if 0 <= found < position:
            match = re.compile(closer, re.IGNORECASE).search(self._text, position)
            found = closers[closer] = match.end() if match else -1
        return position if found < 0 else found

    def _close_run(self) -> None:
        """Write the marks between two pieces of text: as layout where one of them begins or ends a paragraph."""
        run, self._run = self._run, []
        if run and (layout := self._layout(run)):
            space = _SPACE.match(self._text, run[-1].end)
            self._position = space.end() if space else run[-1].end
            self._edits.append(Edit(run[0].start, self._position, layout))
            return
        for mark, following in zip_longest(run, run[1:]):
            self._edits.append(Edit(mark.start, mark.end, " " if mark.name in _UNREAD else ""))
            if following is not None:
                self._join_lines(mark.end, following.start)

    def _layout(self, run: Sequence[_Mark]) -> str:
        breaks, prefix, is_cell = 0, "", False
        for mark in run:
            breaks = self._breaks(mark, breaks)
            is_cell = mark.name in _CELLS or (is_cell and mark.name not in _PARAGRAPHS)
            if mark.name in _PREFIXES:
                prefix = "" if mark.is_closing else _PREFIXES[mark.name]
        if is_cell:
            cell = "| " if self._has_table_heads else "\n\n"
            return "\n" + cell if breaks else " " + cell
        return "\n" * min(breaks, 2) + ("> " if self._quotation_depth else "") + prefix if breaks else ""

    def _breaks(self, mark: _Mark, breaks: int) -> int:
        """Count line ends: one for a row, an item or a break, two for a paragraph."""
        if mark.name == "blockquote":
            self._quotation_depth = max(0, self._quotation_depth + (-1 if mark.is_closing else 1))
        if mark.name == "br":
            return breaks + 1
        if mark.name in {"li", "tr"}:
            return max(breaks, 1)
        is_unknown = self._is_markup and mark.name not in _KNOWN
        return 2 if mark.name in _PARAGRAPHS or is_unknown else breaks

    def _join_lines(self, start: int, end: int) -> None:
        """Read the line ends of a page's source as blanks."""
        if self._is_document and "\n" in self._text[start:end]:
            for space in _SPACE.finditer(self._text, start, end):
                if "\n" in space.group():
                    self._edits.append(Edit(space.start(), space.end(), " "))
