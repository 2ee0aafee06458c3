"""The sentence so far: what may be added to it, and what its words are.

A state is never changed: the decoding keeps one a token, so that going back costs nothing.
"""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

from briefd_server.engines.generative.marks import CLOSING_MARKS, STOP_AT_END, STOP_MARKS, holds_spelling, is_written
from briefd_server.text.words import find_words

# A run of a model that says anything grows without end. English words have up to 24 letters, compounds and chains with
# hyphens some more, and what stands in the source (an address of the web) may be of any length.
LONGEST_RUN = 32
# `.")` and `),` are three and two; what the source has in a row may be more.
_MOST_MARKS_IN_A_ROW = 4
# The last is a stutter, "walkinginging": a loop of the model within one word.
_SAME_AGAIN = re.compile(r"([^\W\d_])\1{3}|([^\w.])\2{2}|_{4}|\.{4}|(\D{2,8}?)\3{2}")
_NEVER_FIRST = frozenset(",;:%" + STOP_MARKS + CLOSING_MARKS)
_ENDS_OF_STOPS = frozenset(STOP_MARKS + CLOSING_MARKS + "\"'")
_GLUE = re.compile(r"[—―，、；：。！？]")


class SentenceSoFar(NamedTuple):
    """A sentence that is being written.

    Attributes:
        text: Its whole characters; a blank at its start does not count.
        pending: The first bytes of a character that is not whole yet.
        run_start: Where in `text` the current run begins: the characters since the last blank.
        words: The words of all earlier runs, in order, case-folded.

    """

    text: str = ""
    pending: bytes = b""
    run_start: int = 0
    words: tuple[str, ...] = ()

    @property
    def run(self) -> str:
        """The characters since the last blank."""
        return self.text[self.run_start :]

    def all_words(self) -> tuple[str, ...]:
        """Return the words of all runs, the current one included, in order, case-folded."""
        return self.words + words_of(self.run)

    def ends_with_stop(self) -> bool:
        """Tell whether the text ends with a mark that may end a sentence, closing quotes and brackets aside."""
        return self.text[-1:] in _ENDS_OF_STOPS and STOP_AT_END.search(self.text) is not None

    def follows_stop(self) -> bool:
        """Tell whether the run before the current one ends with a mark that may end a sentence."""
        before = self.text[: self.run_start].rstrip()
        return before[-1:] in _ENDS_OF_STOPS and STOP_AT_END.search(before) is not None

    def is_full(self, source: str) -> bool:
        """Tell whether the current run is as long as a run may be, and no part of the source."""
        return len(self.text) - self.run_start >= LONGEST_RUN and _is_overlong(self.run, source, LONGEST_RUN)

    def stutters_with(self, piece: str, source: str) -> bool:
        """Tell whether characters would make the current run repeat itself, and no part of the source."""
        longer = self.run + piece
        return _SAME_AGAIN.search(longer) is not None and longer not in source

    def extend(self, piece: str | bytes, source: str) -> SentenceSoFar | None:
        """Add what a token writes.

        Args:
            piece: Characters, or bytes that begin or end within a character.
            source: The text that the sentence is about: what is copied from it may be as odd as it is there.

        Returns:
            The new state, or None where the piece must not stand here.

        """
        if self.pending or isinstance(piece, bytes):
            return self._extend_by_bytes(piece if isinstance(piece, bytes) else piece.encode(), source)
        if not self.text and piece[0] in _NEVER_FIRST:
            return None
        if piece[0] != " ":
            longer = self._replace(text=self.text + piece)
        elif self._may_end_run():
            longer = self.begin_run(piece)
        else:
            return None
        return longer if _is_well_formed(longer.run, source) else None

    def _extend_by_bytes(self, piece: bytes, source: str) -> SentenceSoFar | None:
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            characters = decoder.decode(self.pending + piece)
        except UnicodeDecodeError:
            return None
        pending = decoder.getstate()[0]
        if not characters:
            return self._replace(pending=pending)
        if not is_written(characters[1:] if characters[0] == " " else characters):
            return None
        longer = self._replace(pending=b"").extend(characters, source)
        return longer._replace(pending=pending) if longer is not None else None

    def begin_run(self, piece: str) -> SentenceSoFar:
        """Begin another run of characters with a piece that begins with a blank, whatever it is."""
        if not self.text:
            return self._replace(text=piece, run_start=1)
        return SentenceSoFar(self.text + piece, b"", len(self.text) + 1, self.all_words())

    def _may_end_run(self) -> bool:
        """Tell whether a blank may follow: not after another one, nor after a dash that follows no word."""
        if not self.text:
            return True
        return self.text[-1] != " " and (self._holds_word() or self._follows_word())

    def _holds_word(self) -> bool:
        return bool(words_of(self.run))

    def _follows_word(self) -> bool:
        before = self.text[: self.run_start].split()
        return bool(before) and bool(words_of(before[-1]))


def words_of(run: str) -> tuple[str, ...]:
    """Return the words of a run, case-folded: one in most, none in a lone dash, two in "food—which"."""
    if run.isalnum():
        return (run.casefold(),)
    return tuple(run[word.start : word.end].casefold() for word in find_words(run))


def repeats(words: tuple[str, ...], known: int = 0) -> bool:
    """Tell whether words repeat themselves: "a a", "a b a b", or the same three words twice.

    Args:
        words: Case-folded.
        known: How many of them, from the first, are known not to.

    """
    return any(_repeats_at_end(words[:count]) for count in range(max(known + 1, 2), len(words) + 1))


def _repeats_at_end(words: tuple[str, ...]) -> bool:
    if words[-1] == words[-2] or (len(words) > 3 and words[-2:] == words[-4:-2]):
        return True
    return any(words[-3:] == earlier for earlier in zip(words[:-3], words[1:-2], words[2:-1], strict=False))


def _is_well_formed(run: str, source: str) -> bool:
    if run.isalnum() and len(run) <= LONGEST_RUN:
        is_odd = _SAME_AGAIN.search(run) is not None
    else:
        tail = run[-_MOST_MARKS_IN_A_ROW - 1 :]
        is_row_of_marks = len(tail) > _MOST_MARKS_IN_A_ROW and not holds_spelling(tail)
        is_odd = is_row_of_marks or _SAME_AGAIN.search(run) is not None or _is_overlong(run, source, LONGEST_RUN + 1)
    return not is_odd or run in source


def _is_overlong(run: str, source: str, least: int) -> bool:
    """Tell whether the last word of a run has at least so many characters, and no copy of it in the source."""
    tail = _GLUE.split(run)[-1]
    return len(tail) >= least and tail not in source
