"""The formats that a text may come in, read one after the other into clean text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from briefd_server.text.clean import CleanText
from briefd_server.text.formats.characters import find_mojibake, find_quoted_printable, find_terminal_escapes
from briefd_server.text.formats.hypertext import find_hypertext, holds_escaped_tags
from briefd_server.text.formats.latex import find_latex
from briefd_server.text.formats.markdown import find_markdown
from briefd_server.text.formats.mime import find_mime
from briefd_server.text.formats.prose import find_glued_stops, find_hyphenation, find_references, find_tabs
from briefd_server.text.formats.structured import find_log_fields, find_structure
from briefd_server.text.formats.subtitles import find_subtitles

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_server.text.clean import Edit

# In the order in which a text was wrapped, from the outside: characters, the file, its markup, its prose.
_READERS: tuple[Callable[[str], Sequence[Edit]], ...] = (
    find_terminal_escapes,
    find_mime,
    find_quoted_printable,
    find_mojibake,
    find_mojibake,
    find_structure,
    find_log_fields,
    find_subtitles,
    find_hypertext,
    find_latex,
    find_markdown,
    find_tabs,
    find_hyphenation,
    find_references,
    find_glued_stops,
)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


def read_text(source: str) -> CleanText:
    """Read a text of any format; plain prose comes back as it is.

    A text that is nothing but marks of a format ("<br>", "[1]") is read as plain text, so that words stay words.
    """
    clean = CleanText(source)
    for find_edits in _READERS:
        clean.apply(find_edits(clean.text))
        if find_edits is find_hypertext and holds_escaped_tags(source):
            clean.apply(find_hypertext(clean.text))
    if clean.text is not source and not _LETTER_OR_DIGIT.search(clean.text):
        plain = CleanText(source)
        plain.apply(find_terminal_escapes(source))
        return plain
    return clean
