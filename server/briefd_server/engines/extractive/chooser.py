"""The choice of words: the best part of the best sentence, exactly within the length.

Every sentence offers its best words for every size (`sentence_options`); across sentences, the words' own worth counts
in part, and the sentence's standing in the text decides as well. A sentence that is too short alone is joined with what
follows it. Nothing is searched or sampled: the choice is the optimum of the table of `costs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log2, prod
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.base import LONGEST_SINGLE_SENTENCE
from briefd_server.engines.extractive.candidates import Candidate
from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, merge
from briefd_server.engines.extractive.leads import denies_what_follows
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.proofreading import NoProofReader
from briefd_server.engines.extractive.proofreading.ranking import pick
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_options import SentenceOptions, is_flawed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.offers import Offer
    from briefd_server.engines.extractive.proofreading import ProofReader
    from briefd_server.engines.extractive.reading import SentenceReading

    Standing = Callable[[Sequence[Offer], Sequence[float]], list[float]]
    """Tells, of a text's sentences and what the best words of each are worth, what each is worth for being that one."""

# A lead-in that leaves less room than this for what it governs bars it.
_LEAST_ROOM = 4
# A sentence that the next one calls untrue is never chosen while there is any other.
_DENIED = 1_000.0
# Nor is a header line or boilerplate, while anything else has lost no more than two restrictions.
_ASIDE = 1_000.0
# What is far below is flawed, and counted as such already.
_LEAST_TOTAL = -20.0


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Words of some sentences: each with how many of its words; the score compares candidates of one text."""

    score: float
    total: float
    parts: tuple[tuple[int, int], ...]


class Chosen(NamedTuple):
    """Words taken from a sentence.

    Attributes:
        number: of the sentence in its text.
        words: positions of the words, in order.
        reading: of the sentence.
        options: that they were chosen from.
        is_lead: the sentence governs what follows.
    """

    number: int
    words: list[int]
    reading: SentenceReading
    options: SentenceOptions
    is_lead: bool = False


class Choice(NamedTuple):
    """The words of a summary.

    Attributes:
        parts: for each sentence that the summary takes words from, in order.
        confidence: P(no needed word was cut), 0 to 1; None where nobody reads proof.
    """

    parts: list[Chosen]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the choice goes by: the table of costs, the standing of sentences, and who reads proof."""

    costs: Costs
    standing: Standing | None = None
    proof_reader: ProofReader = field(default_factory=NoProofReader)

    def standings(self, offers: Sequence[Offer], totals: Sequence[float]) -> list[float]:
        """Tell what each sentence of a text is worth, its own words included."""
        return (self.standing or StandingByCosts(self.costs))(offers, totals)


@dataclass(frozen=True, slots=True)
class StandingByCosts:
    """What sentences are worth by the rows of a bundle without fitted weights; see `standing.Standing`."""

    costs: Costs

    def __call__(self, offers: Sequence[Offer], totals: Sequence[float]) -> list[float]:
        """Tell what each sentence of a text is worth."""
        return [self._worth(*each) for each in zip(offers, totals, range(len(offers)), strict=True)]

    def _worth(self, offer: Offer, total: float, number: int) -> float:
        costs = self.costs
        worth = costs.prominence * offer.reading.prominence - costs.position * log2(1 + number)
        worth += costs.words_share * max(total, _LEAST_TOTAL)
        return worth - costs.aside * offer.is_aside - costs.question * offer.is_question


def choose(
    offers: Sequence[Offer], length: Length, judgement: Judgement, *, checkpoint: Callable[[], None] = lambda: None
) -> Choice:
    """Choose the words of a summary: the sentences by their standing, then the best candidate of each.

    Args:
        offers: the text's sentences, in order, each with at least one word.
        length: how many words the summary is to have.
        judgement: what the choice goes by.
        checkpoint: called before each sentence; what it raises ends the choice.

    Returns:
        As many words in all as the length asks for, or every word there is where they are fewer.
    """
    options = []
    for offer in offers:
        checkpoint()
        is_denied = offer.led_by is not None and _denies(offers[offer.led_by].reading)
        options.append(
            SentenceOptions(offer.reading, judgement.costs, length.most, offer.label_words, is_denied=is_denied)
        )
    if sum(map(len, options)) < length.least:
        whole = [[Candidate(0.0, list(range(len(each))))] for each in options]
        return _read_proof(offers, options, list(enumerate(whole)), judgement.proof_reader)
    best = _Choosing(offers, options, length, judgement).best()
    if is_flawed(best.total):
        for option in options:
            option.add_fragments()
        best = _Choosing(offers, options, length, judgement).best()
    lengths = [length] if len(best.parts) == 1 else [Length(size, size) for _, size in best.parts]
    candidates = [
        (number, options[number].candidates(each)) for (number, _), each in zip(best.parts, lengths, strict=True)
    ]
    return _read_proof(offers, options, candidates, judgement.proof_reader)


def _denies(lead: SentenceReading) -> bool:
    return denies_what_follows(lead, read_roles(lead.language))


def _read_proof(
    offers: Sequence[Offer],
    options: Sequence[SentenceOptions],
    candidates: Sequence[tuple[int, Sequence[Candidate]]],
    proof_reader: ProofReader,
) -> Choice:
    """Pick one of the candidates of each sentence, given by number."""
    picked = [(number, pick(offers[number].reading, each, proof_reader)) for number, each in candidates]
    confidences = [each.confidence for _, each in picked if each.confidence is not None]
    # A joined summary is sound where each of its sentences is; what is wrong with one says nothing about another.
    confidence = prod(confidences) if len(confidences) == len(picked) else None
    return Choice(
        [
            Chosen(number, each.words, offers[number].reading, options[number], offers[number].leads)
            for number, each in picked
        ],
        confidence,
    )


class _Choosing:
    """The candidates of one text, and the best of them."""

    def __init__(
        self, offers: Sequence[Offer], options: Sequence[SentenceOptions], length: Length, judgement: Judgement
    ) -> None:
        self._offers = offers
        self._options = options
        self._length = length
        self._costs = judgement.costs
        self._leads = _find_leads(offers, options)
        self._standings = judgement.standings(offers, [best_total(option.totals, length) for option in options])

    def best(self) -> _Candidate:
        """Give the candidate with the best score."""
        candidates = [*self._singles(), *self._governed(), *self._joined(), *self._pairs()]
        return max(candidates or self._runs(), key=lambda candidate: candidate.score)

    def _candidate(self, total: float, standing: float, parts: Sequence[tuple[int, int]]) -> _Candidate:
        return _Candidate(standing + (total if is_flawed(total) else 0.0), total, tuple(parts))

    def _singles(self) -> Iterator[_Candidate]:
        for number, option in enumerate(self._options):
            offer = self._offers[number]
            if len(option.totals) > self._length.least and self._leads[number] is None and not offer.leads:
                size = _best_size(option.totals, self._length)
                worth = self._standings[number] - _DENIED * self._is_denied(number) - _ASIDE * offer.is_aside
                yield self._candidate(option.totals[size], worth, [(number, size)])

    def _is_denied(self, number: int) -> bool:
        """Whether the next sentence says that this one is not true."""
        return number + 1 < len(self._options) and self._options[number + 1].denies_previous

    def _governed(self) -> Iterator[_Candidate]:
        """Join every sentence that a lead-in governs with that lead-in, whole."""
        for number, lead in enumerate(self._leads):
            if lead is None or len(self._options[lead]) > self._length.most - _LEAST_ROOM:
                continue
            whole = len(self._options[lead])
            yield from self._join([lead, number], self._standings[number], least_of_first=whole)

    def _joined(self) -> Iterator[_Candidate]:
        """Join every sentence that is too short alone with what follows it, until they are long enough."""
        for first, offer in enumerate(self._offers):
            if len(offer.reading) >= self._length.least and not self._is_denied(first):
                continue
            numbers = [first]
            words = len(offer.reading)
            while (words < self._length.least or len(numbers) == 1) and self._continues(numbers[-1]):
                numbers.append(numbers[-1] + 1)
                words += len(self._offers[numbers[-1]].reading)
            if len(numbers) > 1 and words >= self._length.least:
                yield from self._join(numbers, self._joined_standing(numbers))

    def _joined_standing(self, numbers: Sequence[int]) -> float:
        """Tell what neighbours are worth together; one that leans on the first has no price."""
        price = self._costs.join * sum(not self._offers[number].leans for number in numbers[1:])
        return self._standings[numbers[0]] - price - _ASIDE * self._offers[numbers[0]].is_aside

    def _pairs(self) -> Iterator[_Candidate]:
        """Join every sentence with the next: above the length of one sentence two whole ones beat a torn one."""
        if self._length.most <= LONGEST_SINGLE_SENTENCE:
            return
        for first, option in enumerate(self._options):
            if self._continues(first):
                gain = -self._costs.words_share * best_total(option.totals, self._length)
                for pair in self._join([first, first + 1], self._standings[first] + gain):
                    yield replace(pair, score=pair.score + self._costs.words_share * pair.total)

    def _continues(self, number: int) -> bool:
        """Whether the next sentence may be joined to this one: same block, same speaker, no label of its own."""
        if number + 1 >= len(self._offers):
            return False
        offer, following = self._offers[number], self._offers[number + 1]
        return (
            offer.setting.paragraph == following.setting.paragraph
            and offer.speaker == following.speaker
            and not following.label_words
            and self._leads[number] == self._leads[number + 1]
            and offer.is_question == following.is_question
            and offer.is_aside == following.is_aside
            and offer.setting.kind == following.setting.kind
        )

    def _runs(self) -> Iterator[_Candidate]:
        """Join neighbours, whatever they are: for a text of which nothing else has enough words."""
        for first in range(len(self._offers)):
            last, words = first, 0
            while last < len(self._offers) and words < self._length.least:
                words += len(self._options[last])
                last += 1
            if words >= self._length.least:
                price = self._costs.join * (last - first - 1)
                yield from self._join(list(range(first, last)), self._standings[first] - price)

    def _join(self, numbers: Sequence[int], standing: float, least_of_first: int = 1) -> Iterator[_Candidate]:
        totals = list(self._options[numbers[0]].totals)
        totals[:least_of_first] = [IMPOSSIBLE] * min(least_of_first, len(totals))
        steps = []
        for number in numbers[1:]:
            totals, sizes = merge(totals, self._options[number].totals, dropped=IMPOSSIBLE, most=self._length.most)
            steps.append(sizes)
        if len(totals) <= self._length.least:
            return
        size = _best_size(totals, self._length)
        total = totals[size]
        if total == IMPOSSIBLE:
            return
        chosen = []
        for step in reversed(steps):
            chosen.append(step[size])
            size -= chosen[-1]
        yield self._candidate(total, standing, list(zip(numbers, [size, *reversed(chosen)], strict=True)))


def _find_leads(offers: Sequence[Offer], options: Sequence[SentenceOptions]) -> list[int | None]:
    """Find for every sentence the one that governs it: a line above it, or a sentence that says it is no fact."""
    leads: list[int | None] = []
    frame: int | None = None
    for number, (offer, option) in enumerate(zip(offers, options, strict=True)):
        leads.append(frame if offer.led_by is None else offer.led_by)
        if option.frames_next:
            frame = number
    return leads


def best_total(totals: Sequence[float], length: Length) -> float:
    """Tell what a sentence's best words are worth at a length; all of its words where it is too short."""
    return max(totals[min(length.least, len(totals) - 1) :])


def _best_size(totals: Sequence[float], length: Length) -> int:
    return max(range(length.least, len(totals)), key=totals.__getitem__)
