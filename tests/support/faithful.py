"""What every answer of an extractive bundle has to be, whatever the text.

Words are those of the clean text (see `read_text`), spans are of the text as it came.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Protocol

from briefd_server.text.formats import read_text
from briefd_server.text.words import count_words, find_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_server.text.clean import CleanText

STOPS = ".!?。！？｡؟।॥۔"
# Blanks included.
MOST_MARKS_PER_WORD = 6
_CLOSING = "\"'”’»)]}）】」』"


class SpanLike(Protocol):
    start: int
    end: int


def check_answer(text: str, summary: str, spans: Sequence[SpanLike], *, least: int, most: int) -> None:
    """Fail unless `summary` has the asked length, is written as a sentence and has the words of its spans, in order."""
    clean = read_text(text)
    available = count_words(clean.text)
    written = [summary[word.start : word.end] for word in find_words(summary)]
    assert min(least, available) <= len(written) <= most, (available, written)
    assert summary.rstrip(_CLOSING)[-1] in STOPS, summary[-40:]
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in summary), summary
    assert "  " not in summary
    assert summary == summary.strip()
    _check_first_letter(written[0])
    assert len(summary) - sum(map(len, written)) <= MOST_MARKS_PER_WORD * len(written), summary
    taken = _words_of(clean, spans)
    assert _letters(written) == _letters(taken), (written, taken)


def _check_first_letter(word: str) -> None:
    """A word that is more than letters (an address, a name like "eth0") is written as it is."""
    is_ordinary = word.islower() and word.replace("-", "").replace("'", "").replace("’", "").isalpha()
    capital = word[0].upper()
    has_capital = len(capital) == 1 and capital.lower() == word[0]
    assert not (is_ordinary and has_capital) or word[0] == capital, word


def _words_of(clean: CleanText, spans: Sequence[SpanLike]) -> list[str]:
    """Read the words of `spans`, which must be in order, apart, and begin and end where words do."""
    words = find_words(clean.text)
    sources = [clean.source_ranges(word.start, word.end)[0] for word in words]
    starts, ends = ({source[side]: number for number, source in enumerate(sources)} for side in (0, 1))
    taken: list[str] = []
    position = 0
    for span in spans:
        assert position <= span.start < span.end <= len(clean.source)
        position = span.end
        taken += [clean.text[word.start : word.end] for word in words[starts[span.start] : ends[span.end] + 1]]
    return taken


def _letters(parts: Iterable[str]) -> str:
    return "".join(character for part in parts for character in part if character.isalnum()).casefold()
