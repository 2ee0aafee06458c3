"""Texts as the chooser is offered them, each sentence with how good a choice it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.choosing.nearness import nearness
from briefd_server.engines.extractive.chooser import best_total
from briefd_server.engines.extractive.engine import make_offers
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.prepare import prepare
from briefd_server.engines.extractive.sentence_options import SentenceOptions
from briefd_server.engines.extractive.setting import read_settings
from briefd_server.text.formats import read_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from briefd_build.choosing.texts import ChoiceText
    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.engine import ExtractiveEngine
    from briefd_server.engines.extractive.offers import Offer
    from briefd_server.engines.extractive.prepare import TextSentence

LENGTH = Length(10, 15)
"""The length that is asked for where none is named."""
# Of a sentence, the share of its words that lie in a wanted passage, for it to be wanted.
_LEAST_SHARE_WANTED = 0.5
# How good a sensible second choice is, where the best is 1 and any other sentence 0; not tuned.
_ACCEPTABLE = 0.85


@dataclass(frozen=True)
class RatedText:
    """A text that was read once.

    Attributes:
        source: where it comes from.
        sentences: their text.
        offers: what the chooser is offered.
        totals: [sentence] worth of the best words of each, in units of value.
        quality: [sentence] how good a choice each is, from 0; the best have the highest.
    """

    source: ChoiceText
    sentences: tuple[str, ...]
    offers: tuple[Offer, ...]
    totals: tuple[float, ...]
    quality: NDArray[np.float64]


def rate_text(engine: ExtractiveEngine, costs: Costs, source: ChoiceText, language: str) -> RatedText | None:
    """Read a text, and rate its sentences by its references or its wanted passages; None where it has no word."""
    text = read_text(source.text).text
    found = prepare(text, LENGTH.least)
    if not found:
        return None
    sentences = tuple(text[each.start : each.end] for each in found)
    readings = engine.read_document(sentences)
    offers = tuple(make_offers(found, readings, read_settings(text, found, language)))
    options = [SentenceOptions(offer.reading, costs, LENGTH.most, offer.label_words) for offer in offers]
    totals = tuple(best_total(option.totals, LENGTH) for option in options)
    if source.wanted:
        acceptable = _ACCEPTABLE * _wanted_shares(text, found, source.acceptable)
        quality = np.maximum(_wanted_shares(text, found, source.wanted), acceptable)
    else:
        quality = np.array(nearness(sentences, source.references))
    return RatedText(source, sentences, offers, totals, quality)


def _wanted_shares(text: str, found: Sequence[TextSentence], wanted: Sequence[str]) -> NDArray[np.float64]:
    """Tell for each sentence whether it is wanted: 1 where most of its words lie in a wanted passage, else 0."""
    is_wanted = _mark_passages(text, wanted)
    shares = [np.mean([is_wanted[word.start] for word in sentence.words]) for sentence in found]
    return np.array([float(share >= _LEAST_SHARE_WANTED) for share in shares])


def _mark_passages(text: str, passages: Sequence[str]) -> NDArray[np.bool_]:
    """Mark the characters of some passages of a text, whatever white space stands between their words."""
    is_marked = np.zeros(len(text), dtype=bool)
    places = [place for place, character in enumerate(text) if not character.isspace()]
    bare = "".join(text.split())
    for passage in passages:
        sought = "".join(passage.split())
        start = bare.find(sought)
        if start >= 0:
            is_marked[places[start] : places[start + len(sought) - 1] + 1] = True
    return is_marked
