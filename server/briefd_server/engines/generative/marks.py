"""The marks of a sentence that decoding must know by sight, in one place."""

from __future__ import annotations

import re
import unicodedata

FULL_WIDTH_STOP_MARKS = "。｡！？"
STOP_MARKS = ".!?…؟۔।॥" + FULL_WIDTH_STOP_MARKS
"""Characters that may end a sentence: the ones at which `briefd_server.text.sentences` ends one."""

OPENING_MARKS = "([{“‘«「『（【"
CLOSING_MARKS = ")]}”’»」』）】"

_CLOSING_CLASS = r"[\"'" + re.escape(CLOSING_MARKS) + "]"
STOP_AT_END = re.compile(rf"[{STOP_MARKS}]{_CLOSING_CLASS}*\Z")
"""A final stop, with the quotes and brackets that close after it."""
ONLY_STOP = re.compile(rf"[^\w\s]*[{STOP_MARKS}]{_CLOSING_CLASS}*\Z")
"""Punctuation alone, a final stop at its end."""
SINGLE_STOP = re.compile(rf"[{STOP_MARKS.replace('…', '')}]{_CLOSING_CLASS}*\Z")
"""A single mark that ends a sentence, with what closes after it."""
MARK_APART = re.compile(rf" (?:[,;:]|[{STOP_MARKS}]){_CLOSING_CLASS}*\Z")
"""A mark that belongs right after a word, set apart from it by a blank."""

_IDEOGRAPHS_AND_KANA = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]\Z")
_DEVANAGARI_TO_BENGALI = re.compile(r"[\u0900-\u09ff]\Z")

# Characters of these categories are never written (controls, lone surrogates, private and unassigned code points, white
# space but for the blank between words), save for the joiners that some scripts spell words with.
_UNWRITTEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
_JOINERS = "\u200c\u200d"
_REPLACEMENT_CHARACTER = "\ufffd"


def is_written(text: str) -> bool:
    """Tell whether a sentence may hold every character of `text`, which holds no blank."""
    if text.isascii():
        return text.isprintable() and " " not in text
    return all(
        character in _JOINERS
        or (unicodedata.category(character) not in _UNWRITTEN_CATEGORIES and character != _REPLACEMENT_CHARACTER)
        for character in text
    )


def holds_spelling(text: str) -> bool:
    """Tell whether `text` holds what words are spelled with: a letter, a digit or a mark that combines with them."""
    return any(is_spelling(character) for character in text)


def is_spelling(character: str) -> bool:
    """Tell whether words are spelled with `character`."""
    return character.isalnum() or (character > "\u02ff" and unicodedata.category(character)[0] == "M")


def full_stop_for(text: str) -> str:
    """Return the full stop of the script that `text` ends in."""
    if _IDEOGRAPHS_AND_KANA.search(text):
        return "。"
    return "।" if _DEVANAGARI_TO_BENGALI.search(text) else "."
