"""Where a sentence may stop, how well it would, and what is written there."""

from __future__ import annotations

from briefd_server.engines.generative.marks import (
    CLOSING_MARKS,
    FULL_WIDTH_STOP_MARKS,
    OPENING_MARKS,
    SINGLE_STOP,
    STOP_AT_END,
    full_stop_for,
)
from briefd_server.engines.generative.sentence import repeats, words_of
from briefd_server.text.abbreviations import Period, find_period
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import find_words

# What a stop costs where it would leave something unsaid, in logits, so that it weighs against `end_margin`. Set by
# reading what the model of `decoding`'s branches wrote: at 8 no likelier stop beats one that strands nothing.
STRANDED_PENALTY = 8.0
RARELY_LAST_PENALTY = 3.0
OPEN_MARK_PENALTY = 4.0

# English words that announce another one. Other languages have no list: there the model alone says where to stop.
_NEVER_LAST = frozenset(
    "a an the my your our their its every of to with from into onto upon among toward towards until till per via "
    "despite amid and or but nor because although though while whereas whether which whose unless if than as at for "
    "by during was were be am has had will would shall should must might may can could does did i he we they who's "
    "it's he's she's they're we're i'm we've i've they've you're you've we'll they'll it'll i'll i'd we'd isn't "
    "aren't wasn't weren't who when where very between including".split()
)
_RARELY_LAST = frozenset(
    "this that these those his her each no in on about over under against without within through across behind beyond "
    "near since before after like so yet what whom is are been being have having do not more most such some any "
    "several many other another only also even just both either neither she you up out off new don't doesn't didn't "
    "won't can't couldn't wouldn't shouldn't hasn't haven't hadn't".split()
)
_LOOSE_MARKS = " ,;:-–—―&/\\*_~`|<>=" + OPENING_MARKS
_QUOTES = "\"'"
_SPELLED_WITHIN_WORDS = str.maketrans("", "", "-'’")


def closed(text: str, stop: str) -> str:
    """Return `text` as a finished sentence.

    Marks at its end that lead on to more are taken away, the stop is added where there is none, and the first letter
    becomes a capital.
    """
    stem = stem_of(text)
    return capitalized(stem if STOP_AT_END.search(stem) else stem + (stop or full_stop_for(stem)))


def stem_of(text: str) -> str:
    """Return `text` without the marks and blanks at its end that lead on to more, and those at its start."""
    stem = text.strip(" ").rstrip(_LOOSE_MARKS)
    while stem[-1:] in _QUOTES and stem[-2:-1] == " ":
        stem = stem[:-2].rstrip(_LOOSE_MARKS)
    return stem


def capitalized(text: str) -> str:
    """Give the first word a capital, unless it is spelled as no ordinary word is ("iPhone", "x86")."""
    words = find_words(text.partition(" ")[0])
    if not words:
        return text
    start, end = words[0][:2]
    word, capital = text[start:end], text[start].title()
    is_ordinary = word.islower() and word.translate(_SPELLED_WITHIN_WORDS).isalpha()
    return text[:start] + capital + text[start + 1 :] if is_ordinary and len(capital) == 1 else text


def is_sentence(text: str, least: int, most: int) -> bool:
    """Tell whether `text` is one sentence of `least` to `most` words with a final stop that does not repeat itself."""
    words = words_of(text)
    return (
        least <= len(words) <= most
        and STOP_AT_END.search(text) is not None
        and not repeats(words)
        and len(find_sentences(text)) == 1
    )


def ends_abbreviated(text: str) -> bool:
    """Tell whether the period at the end of `text` may belong to its last word: more of the sentence may follow."""
    bare = text.rstrip(CLOSING_MARKS + _QUOTES)
    return bare.endswith(".") and find_period(_last_run(bare[:-1]).lstrip(OPENING_MARKS + _QUOTES)) is not None


def begins_new_sentence(text: str, *, at_run_end: bool) -> bool:
    """Tell whether a stop within `text`, the beginning of a sentence, ended one already, whatever follows.

    Args:
        text: What was written.
        at_run_end: Whether its last run of characters is whole.

    """
    # The rest of the sentence, as plain as can be: without it, a line that ends like code is not cut at all, and marks
    # after a full-width stop are no sentence yet.
    return len(find_sentences(text + (" and" if at_run_end else "a"))) > 1


def fits_as_stop(stop: str, stem: str) -> bool:
    """Tell whether a token that ends sentences may end `stem`: one mark, of its script, that closes what is open."""
    is_single = SINGLE_STOP.fullmatch(stop) is not None and (len(stop) == 1 or has_open_mark(stem))
    return is_single and (stop[0] in FULL_WIDTH_STOP_MARKS) == (full_stop_for(stem) in FULL_WIDTH_STOP_MARKS)


def stop_penalty(stem: str) -> float:
    """Return what a stop after `stem` costs, in logits: 0 where nothing is left unsaid, below 0 elsewhere."""
    last = _last_run(stem)
    words = words_of(last.replace("’", "'"))
    penalty = 0.0
    if (words and words[-1] in _NEVER_LAST) or find_period(last.removesuffix(".")) in {Period.NAME, Period.MORE}:
        penalty -= STRANDED_PENALTY
    elif words and words[-1] in _RARELY_LAST:
        penalty -= RARELY_LAST_PENALTY
    return penalty - OPEN_MARK_PENALTY * has_open_mark(stem)


def has_open_mark(text: str) -> bool:
    """Tell whether a bracket or a double quote in `text` waits for its counterpart."""
    return text.count('"') % 2 == 1 or any(
        text.count(opening) > text.count(closing) for opening, closing in zip("([{“«「『", ")]}”»」』", strict=True)
    )


def _last_run(text: str) -> str:
    return text[text.rfind(" ") + 1 :]
