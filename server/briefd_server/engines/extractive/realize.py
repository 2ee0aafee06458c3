"""From the words kept of one or several neighbouring sentences to one clean written sentence.

Nothing is added but punctuation, and nothing but punctuation, white space and the case of a first letter is changed:
read again, the written sentence has exactly the kept words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from briefd_server.engines.base import Span
from briefd_server.engines.extractive.marks import Mark, Role, read_marks
from briefd_server.engines.extractive.separators import Phrases, choose_separator
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_server.text.words import Word


@dataclass(frozen=True, slots=True)
class Selection:
    """What is kept of one sentence; one entry a word.

    Attributes:
        words: the sentence's words, in order; offsets of the whole text.
        kept: positions in `words` that are kept, increasing, at least one.
        heads: each word's head; the root is its own.
        relations: Universal Dependencies relation to the head, subtype included.
        tags: universal part-of-speech tags.
        is_lead: whether it governs what follows.
    """

    words: Sequence[Word]
    kept: Sequence[int]
    heads: Sequence[int]
    relations: Sequence[str]
    tags: Sequence[str]
    is_lead: bool = False


@dataclass(frozen=True, slots=True)
class _Clause:
    """A written selection, without its final stop; `closing` are the marks after its last word."""

    body: str
    closing: str
    stop: str
    has_verb: bool
    is_introduction: bool


_QUESTIONS = frozenset("?؟？")
_CALLS = frozenset("!！")
_STOPS_OF_SCRIPTS = frozenset("。｡।॥۔")
_FINAL_STOPS = _QUESTIONS | _CALLS | _STOPS_OF_SCRIPTS
# Brackets in brackets in brackets are no prose, and a thousand of them no sentence.
_DEEPEST_PAIR = 2
_BRACKETS = (("(", ")"), ("[", "]"), ("{", "}"))
_FUNCTION_TAGS = frozenset("ADP ADV AUX CCONJ DET PART PRON SCONJ".split())
_CONTENT_TAGS = frozenset("ADJ INTJ NOUN NUM VERB".split())
_ENDINGS_OF_NAMES = ("ian", "ean", "can", "ish", "ese", "qi", "eli", "ians", "eans", "cans", "qis", "elis")


def realize(text: str, selections: Sequence[Selection], *, in_sentences: bool = False) -> str:
    """Write the kept words of some sentences, in order, with a capital and a final stop.

    They become one sentence, or, `in_sentences`, as many as there are.
    """
    if in_sentences:
        return " ".join(realize(text, [selection]) for selection in selections)
    clauses = [_write_clause(text, selection, is_first=not i) for i, selection in enumerate(selections)]
    written = clauses[0].body
    for clause, following in pairwise(clauses):
        written += clause.closing + _joint(clause, following) + " " + following.body
    return _finish(written, clauses[-1])


def find_spans(selections: Sequence[Selection]) -> tuple[Span, ...]:
    """Find where the kept words stand in the text; neighbours in a sentence share a span with what is between them."""
    spans: list[Span] = []
    for selection in selections:
        previous = None
        for position in selection.kept:
            word = selection.words[position]
            if previous is not None and position == previous + 1:
                spans[-1] = Span(spans[-1].start, word.end)
            else:
                spans.append(Span(word.start, word.end))
            previous = position
    return tuple(spans)


def _joint(clause: _Clause, following: _Clause) -> str:
    if clause.is_introduction:
        return ":"
    return ";" if clause.has_verb or following.has_verb else ","


def _finish(written: str, clause: _Clause) -> str:
    ends_itself = clause.stop == "." and written.endswith(".")
    if clause.closing and clause.closing[-1] in ")]}）】":
        return written + clause.closing + clause.stop
    return written + ("" if ends_itself else clause.stop) + clause.closing


def _write_clause(text: str, selection: Selection, *, is_first: bool) -> _Clause:
    kept = selection.kept
    marks = _Marks(text, selection)
    forms = [_clean(text[selection.words[word].start : selection.words[word].end]) for word in kept]
    for position, word in enumerate(kept):
        if is_first and not position:
            forms[0] = _capitalize(forms[0])
        elif word in marks.unquoted_words or not word:
            forms[position] = _uncapitalize(forms[position], selection.tags[word])
    pieces = [marks.before(kept[0]), forms[0]]
    for left, right, form in zip(kept, kept[1:], forms[1:], strict=False):
        pieces += [marks.between(left, right), form]
    return _Clause(
        body="".join(pieces) + marks.suffix(kept[-1]),
        closing=marks.after(kept[-1]),
        stop=marks.stop(kept[-1]),
        has_verb=any(
            selection.tags[word] in {"VERB", "AUX"} and selection.relations[word].partition(":")[0] != "amod"
            for word in kept
        ),
        is_introduction=selection.is_lead or marks.introduces(kept[-1]),
    )


class _Marks:
    """The marks that are written around and between the kept words of a selection.

    Attributes:
        unquoted_words: words that began a quotation whose marks are gone, so that a capital of theirs is out of place.
    """

    def __init__(self, text: str, selection: Selection) -> None:
        self._text = text
        self._words = selection.words
        self._kept = selection.kept
        self._count = len(selection.words)
        self._phrases = Phrases(selection.kept, selection.heads, selection.relations, selection.tags)
        marks = read_marks(text, selection.words)
        self._separated_gaps = frozenset(mark.gap for mark in marks if mark.role is Role.SEPARATOR)
        self._kept_before = _running_count(selection.kept, self._count)
        self._by_gap: list[list[Mark]] = [[] for _ in range(self._count + 1)]
        self.unquoted_words: set[int] = set()
        depth = 0
        for mark in marks:
            if mark.role not in {Role.OPENING, Role.CLOSING}:
                self._by_gap[mark.gap].append(mark)
            elif self._keeps_pair(mark):
                depth += mark.role is Role.OPENING
                if depth <= _DEEPEST_PAIR:
                    self._by_gap[mark.gap].append(mark)
                depth -= mark.role is Role.CLOSING
            elif mark.role is Role.OPENING:
                self.unquoted_words.add(mark.gap)

    def before(self, first: int) -> str:
        """Return what is written before the first kept word."""
        openings = [mark.form for mark in self._in_gaps(0, first) if mark.role is Role.OPENING]
        prefixes = [mark.form for mark in self._by_gap[first] if mark.role is Role.PREFIX]
        return "".join(openings + prefixes)

    def after(self, last: int) -> str:
        """Return what closes after the last kept word, besides the final stop."""
        return "".join(mark.form for mark in self._in_gaps(last + 1, self._count) if mark.role is Role.CLOSING)

    def suffix(self, last: int) -> str:
        """Return what belongs to the last kept word."""
        marks = self._by_gap[last + 1]
        return "".join(mark.form for mark in marks if mark.role is Role.SUFFIX and mark.form != "-")

    def stop(self, last: int) -> str:
        """Return the final stop: a call stays one where its end is kept, a question where its main clause is."""
        stops = [mark.form[0] for mark in self._by_gap[last + 1] if mark.role is Role.STOP]
        if last + 1 < self._count and self._phrases.is_main_clause_kept_to(self._count - 1):
            stops += [
                mark.form[0] for mark in self._by_gap[self._count] if mark.form[0] in _QUESTIONS | _STOPS_OF_SCRIPTS
            ]
        marked = [stop for stop in stops if stop in _QUESTIONS | _CALLS]
        return next((stop for stop in marked + stops if stop in _FINAL_STOPS), ".")

    def introduces(self, last: int) -> bool:
        """Tell whether the sentence ends in a colon, right after its last word."""
        return last + 1 == self._count and any(mark.form == ":" for mark in self._by_gap[self._count])

    def between(self, left: int, right: int) -> str:
        """Return what is written between two kept words, white space included."""
        if right == left + 1:
            return _write_gap(self._by_gap[right])
        return _write_gap([mark for gap in range(left + 1, right + 1) for mark in self._surviving(gap, left, right)])

    def _in_gaps(self, first: int, last: int) -> Iterator[Mark]:
        for gap in range(first, last + 1):
            yield from self._by_gap[gap]

    def _surviving(self, gap: int, left: int, right: int) -> Iterator[Mark]:
        """Yield the marks of a gap that still have a reason although words between `left` and `right` are dropped."""
        is_set_off = gap in self._separated_gaps and (
            self._phrases.are_set_off(gap, self._separated_gaps)
            or self._phrases.are_neighbouring_adjectives(left, right)
        )
        for mark in self._by_gap[gap]:
            is_pair = mark.role in {Role.OPENING, Role.CLOSING}
            is_suffix = mark.role is Role.SUFFIX and gap == left + 1 and mark.form != "-"
            is_prefix = mark.role is Role.PREFIX and gap == right
            if is_pair or is_suffix or is_prefix or (mark.role is Role.SEPARATOR and is_set_off):
                yield mark

    def _keeps_pair(self, mark: Mark) -> bool:
        """Keep brackets that hold a kept word, and quotations that leave out no word between two; never around all."""
        first_gap, last_gap = mark.pair
        inside = self._kept_before[last_gap] - self._kept_before[first_gap]
        if not 0 < inside < len(self._kept):
            return False
        first = self._kept_before[first_gap]
        if mark.is_quotation:
            return self._kept[first + inside - 1] - self._kept[first] == inside - 1
        return all(_is_balanced(self._core(self._kept[position])) for position in (first, first + inside - 1))

    def _core(self, word: int) -> str:
        return self._text[self._words[word].start : self._words[word].end]


def _is_balanced(core: str) -> bool:
    """Tell whether a bracket written around the word could not become part of it."""
    return all(core.count(opening) == core.count(closing) for opening, closing in _BRACKETS)


def _running_count(kept: Sequence[int], count: int) -> list[int]:
    """Count, for every gap, the kept words before it."""
    is_kept = [0] * count
    for word in kept:
        is_kept[word] = 1
    running = [0]
    for flag in is_kept:
        running.append(running[-1] + flag)
    return running


def _write_gap(marks: Sequence[Mark]) -> str:
    separator = choose_separator(marks)
    before, after = "", ""
    for position, mark in enumerate(marks):
        if mark.role in {Role.OPENING, Role.PREFIX}:
            after += mark.form
        elif mark.role is Role.SYMBOL:
            before += " " + mark.form
        elif mark.role is Role.STOP:
            before += mark.form[0] if mark.form[0] in "?!" else mark.form[:3]
        elif mark.role in {Role.SUFFIX, Role.CLOSING}:
            before += mark.form
        elif mark is separator and not after and not _is_inside_bracket_end(marks[position + 1 :]):
            before += mark.form.rstrip()
    return before + " " + after


def _is_inside_bracket_end(following: Sequence[Mark]) -> bool:
    return any(mark.role is Role.CLOSING and not mark.is_quotation for mark in following)


def _clean(core: str) -> str:
    """Take out what can't be seen: control, zero-width and direction characters."""
    if core.isascii() and core.isprintable():
        return core
    cleaned = "".join(c for c in core if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    words = find_words(cleaned)
    if len(words) == 1 and words[0][:2] == (0, len(cleaned)):
        return cleaned
    return "".join(c for c in cleaned if c.isalnum())


def _capitalize(form: str) -> str:
    is_ordinary = form.islower() and form.replace("-", "").replace("'", "").replace("’", "").isalpha()
    return _recase(form, form[0].upper()) if is_ordinary else form


def _uncapitalize(form: str, tag: str) -> str:
    rest = form[1:]
    if not form[0].isupper() or (rest and not rest.islower()) or form == "I" or form.startswith(("I'", "I’")):
        return form
    is_common = tag in _FUNCTION_TAGS or (tag in _CONTENT_TAGS and not form.endswith(_ENDINGS_OF_NAMES))
    return _recase(form, form[0].lower()) if is_common else form


def _recase(form: str, first: str) -> str:
    return first + form[1:] if first.lower() == form[0].lower() and len(first) == 1 else form
