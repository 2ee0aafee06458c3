"""The options of a text's sentences, each made when it is first asked for: most sentences are never in question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.leads import denies_what_follows
from briefd_server.engines.extractive.prospects import most_total
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_options import SentenceOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.offers import Offer
    from briefd_server.engines.extractive.reading import SentenceReading


class TextOptions:
    """What may be kept of each sentence of a text, up to `most` words; `checkpoint` is called for each."""

    def __init__(self, offers: Sequence[Offer], costs: Costs, most: int, checkpoint: Callable[[], None]) -> None:
        self._offers = offers
        self._costs = costs
        self._most = most
        self._checkpoint = checkpoint
        self._made: dict[int, SentenceOptions] = {}

    def __len__(self) -> int:
        return len(self._offers)

    def __getitem__(self, number: int) -> SentenceOptions:
        if number not in self._made:
            self._checkpoint()
            self._made[number] = self._make(number)
        return self._made[number]

    def __iter__(self) -> Iterator[SentenceOptions]:
        return (self[number] for number in range(len(self)))

    def add_fragments(self) -> None:
        """Allow noun phrases as summaries too, of every sentence."""
        for options in self:
            options.add_fragments()

    def most_total(self, number: int) -> float:
        """Tell what the best words of a sentence are worth at most."""
        self._checkpoint()
        return most_total(self._offers[number].reading, self._costs, self._most)

    def denies_previous(self, number: int) -> bool:
        """Whether a sentence says that the one before it is not true: "That was wrong"."""
        roles = read_roles(self._offers[number].reading.language)
        return self._has_any(number, roles.denying_frames | roles.truth_words) and self[number].denies_previous

    def frames_next(self, number: int) -> bool:
        """Whether a sentence says that what follows it did not happen: "This is only a drill"."""
        roles = read_roles(self._offers[number].reading.language)
        return self._has_any(number, roles.fictional_frames) and self[number].frames_next

    def _has_any(self, number: int, forms: frozenset[str]) -> bool:
        return not forms.isdisjoint(map(str.lower, self._offers[number].reading.words))

    def _make(self, number: int) -> SentenceOptions:
        offer = self._offers[number]
        is_denied = offer.led_by is not None and _denies(self._offers[offer.led_by].reading)
        return SentenceOptions(offer.reading, self._costs, self._most, offer.label_words, is_denied=is_denied)


def _denies(lead: SentenceReading) -> bool:
    return denies_what_follows(lead, read_roles(lead.language))
