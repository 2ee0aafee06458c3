"""What tells of a sentence whether a person would pick it: one row of numbers a sentence, over a whole text.

Most are 0 or 1; the others are kept near that range, so that one weight is about as strong as the next. Those that are
relative to the text (ranks, shares, what recurs) help one table of weights to fit mails as well as abstracts; and every
feature stands there again for short messages alone and for abstracts of studies alone, whose point is another than an
article's (the feature augmentation of Daumé 2007, "Frustratingly Easy Domain Adaptation").
"""

from __future__ import annotations

from collections import Counter
from math import log1p, log2, sqrt
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.cues import read_cues
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.reading import SentenceReading
from briefd_server.engines.extractive.sentence_tree import CONTENT_TAGS
from briefd_server.text.blocks import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Column = NDArray[np.float64]

_CUE_ROLES = (
    "decision", "change", "announcement", "request", "warning", "fault", "result", "contribution", "background",
    "example", "courtesy", "first_person", "second_person", "date",
)  # fmt: skip
_START_ROLES = ("connective", "demonstrative", "pronoun", "first_person", "contribution")
_FIRSTS = ("decision", "request", "fault", "result", "contribution", "announcement", "warning")
_KINDS = (Kind.HEADING, Kind.LIST_ITEM, Kind.TABLE_ROW, Kind.MAIL_HEADER, Kind.LOG_LINE, Kind.CODE, Kind.SPEECH)
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "nsubj:outer"})
_CLAUSES = frozenset({"csubj", "csubj:pass", "csubj:outer", "expl", *_SUBJECTS})
# Below this many words a sentence is a fragment to build on, above the other much has to be cut.
_SHORT, _FITTING, _LONG = 8, range(10, 21), 30
# A summary of the usual length has about so many content words.
_BEST_WORDS = 5
# Words are compared by their beginnings: "delivered" and "delivery" are about the same.
_STEM_LETTERS = 6
# The best words of a sentence are worth about 0 to 20; no whole statement fits where it is far below.
WORTH = "worth"
"""The feature of what a sentence's own best words are worth, in units of value."""
_TEXT_KINDS = (_MESSAGE, _STUDY) = ("message", "study")
# An abstract has as few sentences as a message, but speaks of what "we show", to nobody.
_MOST_SHORT_SENTENCES = 14
_LEAST_SHARE_OF_AUTHORS = 0.2
_A_LANGUAGE = "en"
LEAST_WORTH, MOST_WORTH = -5.0, 40.0
"""Words that are worth less or more count as these."""


def sentence_features(offers: Sequence[Offer], totals: Sequence[float], language: str) -> dict[str, Column]:
    """Tell the features of the sentences of one text.

    Args:
        offers: the text's sentences, in order.
        totals: what the best words of each are worth at the asked length, in units of value.
        language: BCP 47 tag of the cues' language.

    Returns:
        [sentence] a feature, by name; always the same names.
    """
    forms = [[word.lower().replace("’", "'") for word in offer.reading.words] for offer in offers]
    contents = [_content_stems(offer, words) for offer, words in zip(offers, forms, strict=True)]
    columns = {
        **_encoder_columns(offers),
        **_place_columns(offers),
        **_kind_columns(offers),
        **_form_columns(offers, forms),
        **_cue_columns(forms, language),
        **_overlap_columns(offers, contents),
    }
    kind = _kind_of_text(columns)
    return {
        WORTH: np.clip(np.array(totals, dtype=float), LEAST_WORTH, MOST_WORTH),
        **columns,
        **{f"{each}:{name}": column * (each == kind) for each in _TEXT_KINDS for name, column in columns.items()},
    }


def _kind_of_text(columns: Mapping[str, Column]) -> str:
    """Tell a short text's kind: a study's abstract, or a message (a mail, a ticket, a notice, a note, a log)."""
    if len(columns["is_first"]) > _MOST_SHORT_SENTENCES:
        return ""
    reports = bool(columns["contribution"].any() or columns["result"].any())
    is_of_authors = columns["first_person"].mean() > _LEAST_SHARE_OF_AUTHORS and not columns["second_person"].any()
    return _STUDY if reports and is_of_authors else _MESSAGE


def _feature_names() -> frozenset[str]:
    """Name the features, as a text of one word has them all."""
    word = np.zeros(1)
    offer = Offer(SentenceReading(["a"], [0], ["root"], ["NOUN"], word, word, 0.0), is_aside=False, is_question=False)
    return frozenset(sentence_features([offer], [0.0], _A_LANGUAGE))


def _content_stems(offer: Offer, words: Sequence[str]) -> list[str]:
    return [word[:_STEM_LETTERS] for word, tag in zip(words, offer.reading.tags, strict=True) if tag in CONTENT_TAGS]


def _encoder_columns(offers: Sequence[Offer]) -> dict[str, Column]:
    prominence = np.array([float(offer.reading.prominence) for offer in offers])
    salience = [_content_salience(offer) for offer in offers]
    sums = np.array([values.sum() / 10 for values in salience])
    best = np.array([values[-_BEST_WORDS:].mean() for values in salience])
    return {
        "prominence": prominence,
        "prominence_deviation": _deviation(prominence),
        "prominence_rank": _rank(prominence),
        "is_most_prominent": (prominence == prominence.max()).astype(float),
        "salience_sum": sums,
        "salience_sum_rank": _rank(sums),
        "salience_mean": np.array([values.mean() for values in salience]),
        "salience_most": np.array([values[-1] for values in salience]),
        "salience_of_best": best,
        "salience_rank": _rank(best),
    }


def _content_salience(offer: Offer) -> NDArray[np.float64]:
    """Give the salience of a sentence's content words, the lowest first; of its other words where it has none."""
    values = np.asarray(offer.reading.salience, dtype=float)
    is_content = np.array([tag in CONTENT_TAGS for tag in offer.reading.tags])
    return np.sort(values[is_content] if is_content.any() else np.minimum(values, 0.0))


def _deviation(values: Column) -> Column:
    return np.asarray((values - values.mean()) / (values.std() + 0.5))


def _rank(values: Column) -> Column:
    """Share of the others that a value exceeds, 0 to 1; ties count as exceeded by half."""
    if len(values) < 2:
        return np.ones(len(values))
    ordered = np.sort(values)
    below, through = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((below + (through - below - 1) / 2) / (len(values) - 1), dtype=float)


def _place_columns(offers: Sequence[Offer]) -> dict[str, Column]:
    count = len(offers)
    numbers = np.arange(count)
    paragraphs = np.array([offer.setting.paragraph for offer in offers])
    starts_paragraph = np.r_[True, paragraphs[1:] != paragraphs[:-1]] if count else np.zeros(0, dtype=bool)
    ends_paragraph = np.r_[starts_paragraph[1:], True]
    is_body = np.array([not offer.is_aside for offer in offers])
    body_number = np.cumsum(is_body) - is_body
    return {
        "log_position": np.log2(1 + numbers),
        "log_body_position": np.log2(1 + body_number),
        "is_first": (numbers == 0).astype(float),
        "is_first_of_body": (is_body & (body_number == 0)).astype(float),
        "is_second_of_body": (is_body & (body_number == 1)).astype(float),
        "is_last": (numbers == count - 1).astype(float),
        "depth": numbers / max(1, count - 1),
        "starts_paragraph": (starts_paragraph & ~ends_paragraph).astype(float),
        "is_whole_paragraph": (starts_paragraph & ends_paragraph).astype(float),
    }


def _kind_columns(offers: Sequence[Offer]) -> dict[str, Column]:
    settings = [offer.setting for offer in offers]
    severity = np.array([setting.severity if setting.kind is Kind.LOG_LINE else 0.0 for setting in settings])
    is_named = {*_KINDS}
    return {
        **{f"is_{kind.value}": _flags(setting.kind is kind for setting in settings) for kind in _KINDS},
        "is_title": _flags(setting.is_title for setting in settings),
        "is_quoted": _flags(setting.is_quoted for setting in settings),
        "is_boilerplate": _flags(
            offer.is_aside and not offer.setting.is_quoted and offer.setting.kind not in is_named for offer in offers
        ),
        "has_label": _flags(offer.label_words > 0 for offer in offers),
        "is_led": _flags(offer.led_by is not None for offer in offers),
        "leads": _flags(offer.leads for offer in offers),
        "is_question": _flags(offer.is_question for offer in offers),
        "exclaims": _flags(setting.exclaims for setting in settings),
        "leans": _flags(offer.leans for offer in offers),
        "speaks": _flags(setting.speaks for setting in settings),
        "severity": severity,
        "is_most_severe": ((severity == severity.max()) & (severity >= 0.5)).astype(float),
    }


def _form_columns(offers: Sequence[Offer], forms: Sequence[Sequence[str]]) -> dict[str, Column]:
    lengths = np.array([len(words) for words in forms])
    readings = [offer.reading for offer in offers]
    roots = [_root(offer) for offer in offers]
    has_subject = [_has_child(offer, root, _CLAUSES) for offer, root in zip(offers, roots, strict=True)]
    is_verbal = [reading.tags[root] == "VERB" for reading, root in zip(readings, roots, strict=True)]
    return {
        "log_words": np.log2(lengths),
        "is_short": (lengths < _SHORT).astype(float),
        "is_fitting": _flags(length in _FITTING for length in lengths.tolist()),
        "is_long": (lengths > _LONG).astype(float),
        "lacks_subject": _flags(not has for has in has_subject),
        "is_order": _flags(
            verbal and not has and root == 0 for verbal, has, root in zip(is_verbal, has_subject, roots, strict=True)
        ),
        "has_figure": _flags("NUM" in reading.tags or _has_digit(reading.words) for reading in readings),
        "has_name": _flags("PROPN" in reading.tags for reading in readings),
        "names": np.array([min(4, reading.tags.count("PROPN")) / 4 for reading in readings]),
        "pronouns": np.array([reading.tags.count("PRON") / len(reading) for reading in readings]),
        "name_subject": _flags(_subject_tag(offer, root) == "PROPN" for offer, root in zip(offers, roots, strict=True)),
        "pronoun_subject": _flags(
            _subject_tag(offer, root) == "PRON" for offer, root in zip(offers, roots, strict=True)
        ),
    }


def _root(offer: Offer) -> int:
    return next(word for word, head in enumerate(offer.reading.heads) if word == head)


def _children(offer: Offer, head: int) -> Iterable[int]:
    return (word for word, other in enumerate(offer.reading.heads) if other == head != word)


def _has_child(offer: Offer, head: int, relations: frozenset[str]) -> bool:
    return any(offer.reading.relations[child] in relations for child in _children(offer, head))


def _subject_tag(offer: Offer, root: int) -> str:
    reading = offer.reading
    subjects = (child for child in _children(offer, root) if reading.relations[child] in _SUBJECTS)
    return next((reading.tags[subject] for subject in subjects), "")


def _has_digit(words: Sequence[str]) -> bool:
    return any(character.isdigit() for word in words for character in word[:2])


def _cue_columns(forms: Sequence[Sequence[str]], language: str) -> dict[str, Column]:
    within, start = read_cues(language, _CUE_ROLES), read_cues(language, _START_ROLES)
    counts = np.array([within.count(words) for words in forms])
    begun = np.array([start.at_start(words) for words in forms])
    has = (counts > 0).astype(float)
    columns = {role: has[:, number] for number, role in enumerate(_CUE_ROLES)}
    columns |= {f"{role}_start": begun[:, number].astype(float) for number, role in enumerate(_START_ROLES)}
    # The first of a kind: a text's first request or result is mostly the one that the others explain.
    columns |= {f"first_{role}": _first(columns[role]) for role in _FIRSTS}
    return columns


def _first(flags: Column) -> Column:
    return np.asarray(flags * (np.cumsum(flags) == 1), dtype=float)


def _overlap_columns(offers: Sequence[Offer], contents: Sequence[Sequence[str]]) -> dict[str, Column]:
    """Tell what a sentence's content words share with the text (Luhn 1958), and with the headings over it."""
    mentions = Counter(stem for stems in contents for stem in set(stems))
    first, above = _titles(offers, contents)
    recurring = [[log2(mentions[stem]) for stem in set(stems)] for stems in contents]
    # Cosine of the sentence and of the whole text, each stem weighted by the number of sentences that have it.
    weights = sqrt(sum(count * count for count in mentions.values())) or 1.0
    return {
        "recurrence": np.array([sum(values) / max(1, len(values)) for values in recurring]),
        "recurrence_sum": np.array([log1p(sum(values)) for values in recurring]),
        "centrality": np.array(
            [sum(mentions[stem] for stem in set(stems)) / (weights * sqrt(len(set(stems)) or 1)) for stems in contents]
        ),
        "title_overlap": np.array([_overlap(stems, first if number else ()) for number, stems in enumerate(contents)]),
        "heading_overlap": np.array([_overlap(stems, over) for stems, over in zip(contents, above, strict=True)]),
    }


def _titles(offers: Sequence[Offer], contents: Sequence[Sequence[str]]) -> tuple[frozenset[str], list[frozenset[str]]]:
    """Give the content of the text's title, and for each sentence that of the heading which it stands under."""
    title: frozenset[str] = frozenset()
    heading: frozenset[str] = frozenset()
    above: list[frozenset[str]] = []
    for offer, stems in zip(offers, contents, strict=True):
        if offer.setting.is_title:
            heading = frozenset(stems)
            title = title or heading
            above.append(frozenset())
        else:
            above.append(heading)
    return title, above


def _overlap(stems: Iterable[str], wanted: Iterable[str]) -> float:
    sought = frozenset(wanted)
    return len(sought.intersection(stems)) / len(sought) if sought else 0.0


def _flags(values: Iterable[bool]) -> Column:
    return np.fromiter(values, dtype=float)


FEATURES = _feature_names()
