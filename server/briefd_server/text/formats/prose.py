"""What stands in running text and is no word of it: footnote marks, citations, hyphens at line ends; missing blanks."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from briefd_server.text.abbreviations import find_period
from briefd_server.text.clean import Edit
from briefd_server.text.tables import CONJUNCTIONS, FREQUENT_WORDS, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = r"\d{1,3}(?:[^\S\n]?[,;–-][^\S\n]?\d{1,3}){0,9}"
_NOTES = "|".join(re.escape(note) for note in sorted(WORDS["bracketed_notes"]))
_YEAR = r"\d{4}[a-z]?(?:,[^\S\n]?\d{4}[a-z]?){0,3}"
# Each begins with what is rare in a text, for speed; the blank before a mark goes with it.
_BRACKETED = re.compile(
    rf"\[(?:(?P<numbers>{_NUMBERS})|(?i:{_NOTES})(?:[^\S\n]\d{{1,3}})?)\](?:[^\S\n]?\[{_NUMBERS}\]){{0,9}}(?![\w(:=\[*+?{{])"
)
_AUTHORS = r"[^()\d\n?]{2,80}(?:,|\bal\.)[^\S\n]?"
_CITED = re.compile(rf"\((?=[A-Z]){_AUTHORS}{_YEAR}(?:;{_AUTHORS}{_YEAR}){{0,9}}\)")
_GLUED_NUMBER = re.compile(
    r"[.!?](?<=[a-z]{3}[.!?])(?P<number>\d{1,3})(?=[^\S\n]{1,3}[\"“]?[A-Z]|[^\S\n]{0,3}(?:\n|\Z))"
)
_SUPERSCRIPT = re.compile(r"[⁰¹²³⁴-⁹](?:(?<=[a-z]{4}.)|(?<=[.,;!?”].))[⁰¹²³⁴-⁹]{0,2}(?!\w)")
_LAST_WORD = re.compile(r"[^\W\d_]+\Z")
_LONGEST_WORD = 40
_MARKED_WORD = re.compile(r"[(\"“‘']{0,3}[^\W\d_](?:[^\W\d_]|['’-])+(?:[.,;:!?][\"”’)]?|[\"”’)][.,;:!?]?)?")

_GLUED_STOP = re.compile(r"[.!?](?<=[a-z][a-z][.!?])[\"”)]?[A-Z]")
_GLUED_RUN = re.compile(
    r"[(\"“‘'*_]{0,4}[A-Za-z]?[a-z'’-]*[a-z][a-z](?:[.!?][)\"”]?[A-Z][a-z'’-]*)+[.,;:!?)\"”’*_]*(?:\[\d{1,3}\])?"
)
# Endings of addresses and names of programs that are written with a capital too ("Asp.Net").
_CAPITALIZED = re.compile(r"[A-Z][a-z'’-]*")
_ENDINGS_OF_NAMES = frozenset(["Com", "Net", "Org", "Io", "Js", "Py", "Md", "Txt", "Exe", "Pdf", "Gov", "Edu"])
_LONGEST_RUN = 200

_HYPHEN = re.compile(
    r"[-‐](?<=[^\W\d_]{2}[-‐])(?P<gap>[^\S\n]{0,4}\r?\n[^\S\n]{0,40}|[ ])"
    r"(?P<rest>[^\W\d_]{2,40})[^\s\w]{0,6}(?P<space>[^\S\n]?)"
)
# Not the end of a compound or a path, which may end in a hyphen itself ("usa-", "/dev/dm-").
_FIRST_PART = re.compile(r"(?<![-/@_.\w])[^\W\d_]+\Z")
_WORD = re.compile(r"(?<![\w-])[^\W\d_]+(?:-[^\W\d_]+)*(?![\w-])")
_SHORTEST_PROOF = 4
_FEWEST_BROKEN_WITHIN_LINES = 2
_FEWEST_WORDS_OF_PROSE = 8  # of a line with tabs that is no row; set by hand


def find_references(text: str) -> list[Edit]:
    """Find footnote marks ("[12]", "water.12 The"), citations ("(Lind, 2018)") and editors' notes."""
    edits = []
    if "[" in text:
        edits += [_with_blank(text, match) for match in _BRACKETED.finditer(text) if _is_aside(text, match)]
    if "(" in text:
        edits += [_with_blank(text, match) for match in _CITED.finditer(text) if _is_in_line(text, match)]
    for match in _GLUED_NUMBER.finditer(text):
        word = _LAST_WORD.search(text, max(0, match.start() - _LONGEST_WORD), match.start())
        if word is None or find_period(word.group()) is None:
            edits.append(Edit(*match.span("number")))
    if not text.isascii():
        edits += [Edit(*match.span()) for match in _SUPERSCRIPT.finditer(text)]
    return sorted(edits)


def _with_blank(text: str, match: re.Match[str]) -> Edit:
    return Edit(match.start() - (text[match.start() - 1 : match.start()] in {" ", "\xa0"}), match.end())


def _is_in_line(text: str, match: re.Match[str]) -> bool:
    """Tell whether something stands before it in its line; what begins one is the number of an entry."""
    before = text[max(0, match.start() - _LONGEST_WORD) : match.start()]
    return bool(before.rpartition("\n")[2].strip())


def _is_aside(text: str, match: re.Match[str]) -> bool:
    """Tell whether a sentence goes on without the mark: not "as shown in [3]", nor the element of a list, "info[0]"."""
    if not _is_in_line(text, match):
        return False
    before = text[max(0, match.start() - _LONGEST_WORD) : match.start()]
    if before[-1:].strip() and not _MARKED_WORD.fullmatch(before.split()[-1]):
        return False
    word = _LAST_WORD.search(before.rstrip())
    return not (match["numbers"] and word and word.group().lower() in WORDS["unfinished_ends"])


def find_glued_stops(text: str) -> list[Edit]:
    """Find where a blank is missing between sentences ("warm.The"), other than in names and addresses.

    A period before a capital may stand in the name of a program too ("collections.Counter"). So it is a sentence's end
    only before a word that begins sentences, or where such a one shows that the text has such ends.
    """
    sure: list[Edit] = []
    likely: list[Edit] = []
    position = 0
    for stop in _GLUED_STOP.finditer(text):
        if stop.start() >= position:
            start = _run_start(text, stop.start())
            run = _GLUED_RUN.match(text, start, start + _LONGEST_RUN)
            position = run.end() if run else stop.end()
            if run and not text[position : position + 1].strip():
                for edit, is_sure in _stops_of_run(text, start, position):
                    (sure if is_sure else likely).append(edit)
    return sorted([*sure, *likely]) if sure else []


def _run_start(text: str, position: int) -> int:
    start = position
    while start > 0 and position - start < _LONGEST_WORD and not text[start - 1].isspace():
        start -= 1
    return start


def _stops_of_run(text: str, start: int, end: int) -> Iterator[tuple[Edit, bool]]:
    for stop in _GLUED_STOP.finditer(text, start, end):
        place = stop.end() - 1
        before = _LAST_WORD.search(text, max(start, stop.start() - _LONGEST_WORD), stop.start())
        after = _CAPITALIZED.match(text, place, end)
        assert before is not None
        assert after is not None
        word = after.group()
        begins = word.lower().replace("’", "'")
        is_starter = begins in WORDS["starters"] or begins.partition("'")[0] in FREQUENT_WORDS
        is_name = word in _ENDINGS_OF_NAMES or (len(word) == 1 and word not in WORDS["one_letter_words"])
        is_sure = is_starter or text[stop.start()] != "."
        if not is_name and find_period(before.group()) is None and (is_sure or before.group().islower()):
            yield Edit(place, place, " "), is_sure


def find_tabs(text: str) -> list[Edit]:
    """Find the tabs of a lone line of prose, which stand for blanks."""
    if "\t" not in text:
        return []
    lines = text.splitlines(keepends=True)
    edits: list[Edit] = []
    start = 0
    for number, line in enumerate(lines):
        beside = lines[max(0, number - 1) : number] + lines[number + 1 : number + 2]
        is_row = any("\t" in other.strip() for other in beside)
        if "\t" in line.strip() and not is_row and _is_prose(line):
            indent = len(line) - len(line.lstrip())
            edits += [Edit(start + at, start + at + 1, " ") for at in range(indent, len(line)) if line[at] == "\t"]
        start += len(line)
    return edits


def _is_prose(line: str) -> bool:
    return len(line.split()) >= _FEWEST_WORDS_OF_PROSE and line.rstrip().endswith((".", "!", "?"))


def find_hyphenation(text: str) -> list[Edit]:
    """Find words that were broken at the end of a line, or had been when lines were joined ("measure- ments").

    The line then ends after the word, so that lines keep about their length.
    """
    if not any(hyphen in text for hyphen in ("- ", "-\n", "-\r", "‐")):
        return []
    broken = [match for match in _HYPHEN.finditer(text) if match["rest"][0].islower()]
    if not broken:
        return []
    within_lines = [match for match in broken if match["gap"] == " "]
    are_broken = len(within_lines) >= _FEWEST_BROKEN_WITHIN_LINES and not any(
        match["rest"] in FREQUENT_WORDS and match["rest"] not in CONJUNCTIONS for match in within_lines
    )
    words = Counter(_WORD.findall(text)) - Counter(match["rest"] for match in broken)
    edits: list[Edit] = []
    for match in broken:
        is_word_broken = are_broken or match["gap"] != " "
        if is_word_broken and match["rest"] not in FREQUENT_WORDS and match["rest"] not in CONJUNCTIONS:
            edits += _joined(text, match, words)
    return edits


def _joined(text: str, match: re.Match[str], words: Counter[str]) -> Iterator[Edit]:
    """Join a word; with its hyphen where that is its own, as the text's other words show."""
    first = _FIRST_PART.search(text, max(0, match.start() - _LONGEST_WORD), match.start())
    if first is None:
        return
    part, rest = first.group(), match["rest"]
    keeps_hyphen = (
        part.lower() in WORDS["hyphened_prefixes"]
        or rest in WORDS["hyphened_seconds"]
        or f"{part}-{rest}" in words
        or not part[1:].islower()
        or (len(rest) >= _SHORTEST_PROOF and rest in words)
    )
    yield Edit(match.start() + keeps_hyphen, match.start("rest"))
    if match["space"] and "\n" in match["gap"]:
        yield Edit(*match.span("space"), "\n")
