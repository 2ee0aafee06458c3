"""What a word is: a run of characters between white space that holds a letter or a digit, less its outer punctuation.

A reader counts "data-driven", "don't", "$1.65", "and/or", "U.S." and an address of the web as one word each, and a lone
dash as none. The same definition counts the words of a summary, cuts the input for the model and groups treebank tokens
for training.

A dash, an ellipsis, a lone bracket or a full-width stop that is glued between two words ("food—which", "well...maybe")
ends a word too: a reader counts two. A script written without blanks (Chinese, Japanese, Thai) is read in phrases: what
stands between white space or full-width stops is one word, since nothing here can tell its words apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.text.abbreviations import keeps_period

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Most runs are a plain word ("it", "don't", "so,", "done."); the first branch spares them the closer look.
_RUN = re.compile(r"([^\W_]+(?:['’-][^\W_]+)*)(?:[,;:!?]+|(\.))?(?!\S)|\S+")
# Colours, cursor moves and window titles that a log took from a terminal (ECMA-48 control sequences and strings). The
# one-character introducers are bytes of double-encoded UTF-8 too: after another such byte, or without the number that
# every window title begins with, they are none.
TERMINAL_ESCAPE = re.compile(
    r"(?:\x1b\[|(?<![\x80-\xff])\x9b)[0-9;?]*[A-Za-z]"
    r"|(?:\x1b\]|(?<![\x80-\xff])\x9d(?=[0-9]{1,4};))[^\x07\x1b\x9c\x9d\r\n]*(?:[\x07\x9c]|\x1b\\)"
)
_ESCAPE_INTRODUCERS = "\x1b\x9b\x9d"
_FULL_WIDTH_STOPS = r"[。｡！？；，、､]+[」』”’）】]*"
_GLUE = re.compile(
    _FULL_WIDTH_STOPS + r"|[—―⸺⸻]+"
    r"|(?<=[^\W\d_])(?:\.{3,}|…+)(?=[^\W\d_])"
    r"|\)(?=\()"
    r"|(?<=[^\W\d_]|[.,!?)\"'”’])--+(?=[^\W\d_]|[\"'(“‘])"
)
_GLUED_BRACKET = re.compile(r"(?<=[^\W_])\((?=[^\W_])")
_GLUE_OF_WEB_ADDRESSES = re.compile(_FULL_WIDTH_STOPS)
_WEB_ADDRESS = re.compile(r"[^\W_]://[^\W_]")
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_THROUGH_LAST_LETTER_OR_DIGIT = re.compile(r".*[^\W_]", re.DOTALL)

_CURRENCY = "$¢£¤¥֏؋৲৳৻૱௹฿៛₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₶₷₸₹₺₻₼₽₾₿꠸﷼﹩＄￠￡￥￦"
_SYMBOLS_AFTER = frozenset("%‰°+#′″" + _CURRENCY)
# What belongs to the word that it stands before, and stops where the letters and digits begin.
_BELONGS_BEFORE = re.compile(
    rf"""(?:(?<![-−])[-−]|[+±~≈≤≥]|[<>]=?)?[{_CURRENCY}\#]*(?<!\.)\.?(?=\d)      # -5  ±2  ~$30  <5  #42  .5
       | [{_CURRENCY}\#@&%°+]+(?=[^\W_])                                      # @home  #tag  %s  °C
       | ['’](?=(?:\d\ds?|(?i:s|ve|re|ll|d|m|t|em|til|tis|twas|nuff))(?![^\W_]))  # 's  've  '90s  'em
       | (?<![^\s("'\[`])(?:(?:~|\.{{1,2}})?/(?=[^\W_])|\.(?=[a-z]|[A-Z]{{2}}))  # /etc/hosts  ~/notes  .env  .NET
    """,
    re.VERBOSE,
)
_MOST_SYMBOLS_BEFORE = 8
_MOST_CHARACTERS_AHEAD = 8
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))


class Word(NamedTuple):
    """A word of a text: `[start, end)` is the word itself, `[outer_start, outer_end)` its run of characters."""

    start: int
    end: int
    outer_start: int
    outer_end: int


# Half the time of `Word(…)`, which counts: a text has thousands.
_make_word: Callable[[tuple[int, int, int, int]], Word] = partial(tuple.__new__, Word)


def find_words(text: str, start: int = 0, end: int | None = None) -> list[Word]:
    """Find the words of `text[start:end]`, in order; offsets are code points of the whole `text`."""
    words: list[Word] = []
    for run in _RUN.finditer(blank_terminal_escapes(text[start:end] if start or end is not None else text)):
        first, last = run.span()
        core_end = run.end(1)
        if core_end < 0:
            words.extend(_words_of_run(run[0], start + first))
            continue
        if run[2] and keeps_period(run[1]):
            core_end = last
        words.append(_make_word((start + first, start + core_end, start + first, start + last)))
    return words


def blank_terminal_escapes(text: str) -> str:
    """Put blanks in the place of a terminal's control sequences, as many as they had characters."""
    if not may_hold_escapes(text):
        return text
    return TERMINAL_ESCAPE.sub(lambda escape: " " * len(escape.group()), text)


def may_hold_escapes(text: str) -> bool:
    """Tell whether `text` has a character that a terminal's control sequence begins with."""
    return any(introducer in text for introducer in _ESCAPE_INTRODUCERS)


def count_words(text: str) -> int:
    """Count the words of `text`."""
    return len(find_words(text))


def _words_of_run(run: str, offset: int) -> list[Word]:
    words = []
    for first, last in _pieces(run):
        core = _peel(run[first:last])
        if core is not None:
            words.append(Word(offset + first + core[0], offset + first + core[1], offset + first, offset + last))
    return words


def _pieces(run: str) -> list[tuple[int, int]]:
    if not _GLUE.search(run) and "(" not in run:
        return [(0, len(run))]
    glue = _GLUE_OF_WEB_ADDRESSES if _WEB_ADDRESS.search(run) else _GLUE
    pieces = _cut(0, len(run), glue.finditer(run))
    return [part for first, last in pieces for part in _cut(first, last, _glued_brackets(run[first:last]), first)]


def _cut(first: int, last: int, glued: Iterable[re.Match[str]], offset: int = 0) -> list[tuple[int, int]]:
    ends = [offset + match.end() for match in glued]
    return list(zip([first, *ends], [*ends, last], strict=True))


def _glued_brackets(piece: str) -> Iterable[re.Match[str]]:
    """Find the brackets inside a word that nothing in the word closes: "body(African-American"."""
    core = _peel(piece) if "(" in piece else None
    if core is None or ")" in piece[slice(*core)]:
        return ()
    return _GLUED_BRACKET.finditer(piece, *core)


def _peel(piece: str) -> tuple[int, int] | None:
    letter = _LETTER_OR_DIGIT.search(piece)
    if letter is None:
        return None
    through_last = _THROUGH_LAST_LETTER_OR_DIGIT.match(piece)
    assert through_last is not None
    first, last = letter.start(), through_last.end()
    if first:
        first = _extend_before(piece, first, last)
    if last < len(piece):
        last = _extend_after(piece, first, last)
    return first, last


def _extend_before(piece: str, first: int, last: int) -> int:
    for opening, closing in _BRACKETS:
        if piece[first - 1] == opening and _depth(piece[first:last], opening, closing) < 0:
            return first - 1
    # Bounded on both sides: no branch looks further, and a long run of symbols is not to be tried from each of them.
    start, end = max(0, first - _MOST_SYMBOLS_BEFORE), min(last, first + _MOST_CHARACTERS_AHEAD)
    symbols = _BELONGS_BEFORE.search(piece, start, end)
    return symbols.start() if symbols is not None and symbols.start() < first else first


def _extend_after(piece: str, first: int, last: int) -> int:
    while last < len(piece) and _belongs_after(piece[last]):
        last += 1
    if piece.startswith("()", last):
        return last + 2
    core, suffix = piece[first:last], piece[last:]
    for opening, closing in _BRACKETS:
        if suffix.startswith(closing) and _depth(core, opening, closing) > 0:
            return last + 1
    if suffix.startswith("/") and "/" in core:
        return last + 1
    if suffix.startswith(".") and not suffix.startswith("..") and keeps_period(core):
        return last + 1
    return last


def _belongs_after(character: str) -> bool:
    return character in _SYMBOLS_AFTER or (character > "\u02ff" and unicodedata.category(character).startswith("M"))


def _depth(core: str, opening: str, closing: str) -> int:
    return core.count(opening) - core.count(closing)
