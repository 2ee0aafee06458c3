"""The choice of words: the best part of the best sentence, exactly within the length.

Every sentence offers its best words for every size (`sentence_options`); across sentences, the words' own worth counts
in part, and the sentence's standing in the text decides as well. A sentence that is too short alone is joined with what
follows it. Nothing is searched or sampled: the choice is the optimum of the table of `costs`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.base import LONGEST_SINGLE_SENTENCE
from briefd_server.engines.extractive.candidates import Candidate
from briefd_server.engines.extractive.knapsack import IMPOSSIBLE, merge
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.proofreading import NoProofReader
from briefd_server.engines.extractive.proofreading.ranking import pick
from briefd_server.engines.extractive.prospects import Prospects, StandingByCosts
from briefd_server.engines.extractive.sentence_options import SentenceOptions, is_flawed
from briefd_server.engines.extractive.text_options import TextOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.offers import Offer
    from briefd_server.engines.extractive.proofreading import ProofReader
    from briefd_server.engines.extractive.prospects import Standing
    from briefd_server.engines.extractive.reading import SentenceReading

# A lead-in that leaves less room than this for what it governs bars it.
_LEAST_ROOM = 4
# A sentence that the next one calls untrue is never chosen while there is any other.
_DENIED = 1_000.0
# Nor is a header line or boilerplate, while anything else has lost no more than two restrictions.
_ASIDE = 1_000.0


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

    def prospects(self, offers: Sequence[Offer]) -> Prospects:
        """Tell what each sentence of a text is worth, but for its own words."""
        return (self.standing or StandingByCosts(self.costs))(offers)


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
    options = TextOptions(offers, judgement.costs, length.most, checkpoint)
    if sum(len(offer.reading) for offer in offers) < length.least:
        whole = [[Candidate(0.0, list(range(len(each))))] for each in options]
        return _read_proof(offers, options, list(enumerate(whole)), judgement.proof_reader)
    best = _Choosing(offers, options, length, judgement).best()
    if is_flawed(best.total):
        options.add_fragments()
        best = _Choosing(offers, options, length, judgement).best()
    lengths = [length] if len(best.parts) == 1 else [Length(size, size) for _, size in best.parts]
    candidates = [
        (number, options[number].candidates(each)) for (number, _), each in zip(best.parts, lengths, strict=True)
    ]
    return _read_proof(offers, options, candidates, judgement.proof_reader)


def _read_proof(
    offers: Sequence[Offer],
    options: TextOptions,
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

    def __init__(self, offers: Sequence[Offer], options: TextOptions, length: Length, judgement: Judgement) -> None:
        self._offers = offers
        self._options = options
        self._length = length
        self._costs = judgement.costs
        self._leads = _find_leads(offers, options)
        self._prospects = judgement.prospects(offers)

    def best(self) -> _Candidate:
        """Give the candidate with the best score; of equal ones the first.

        The sentences stand in the order of what each may be worth at most: once a candidate is worth more than the next
        one could be, nothing beyond is looked at.
        """
        best: _Candidate | None = None
        best_rank = (0.0, 0, 0)
        for most, number in sorted((-self._at_most(number), number) for number in range(len(self._offers))):
            if best is not None and best.score > -most:
                break
            for kind, candidates in enumerate(self._kinds(number)):
                for candidate in candidates:
                    rank = (candidate.score, -kind, -number)
                    if best is None or rank > best_rank:
                        best, best_rank = candidate, rank
        return best or max(self._runs(), key=lambda candidate: candidate.score)

    def _at_most(self, number: int) -> float:
        """Tell what the candidates that a sentence stands for may score at most."""
        if self._length.most > LONGEST_SINGLE_SENTENCE:
            return float("inf")  # a pair counts by the words of both
        return self._prospects.at_most(number, self._options.most_total(number))

    def _kinds(self, number: int) -> tuple[Iterator[_Candidate], ...]:
        return self._singles(number), self._governed(number), self._joined(number), self._pairs(number)

    def _standing(self, number: int) -> float:
        return self._prospects.of(number, best_total(self._options[number].totals, self._length))

    def _candidate(self, total: float, standing: float, parts: Sequence[tuple[int, int]]) -> _Candidate:
        return _Candidate(standing + (total if is_flawed(total) else 0.0), total, tuple(parts))

    def _singles(self, number: int) -> Iterator[_Candidate]:
        offer = self._offers[number]
        if len(offer.reading) >= self._length.least and self._leads[number] is None and not offer.leads:
            totals = self._options[number].totals
            size = _best_size(totals, self._length)
            worth = self._standing(number) - _DENIED * self._is_denied(number) - _ASIDE * offer.is_aside
            yield self._candidate(totals[size], worth, [(number, size)])

    def _is_denied(self, number: int) -> bool:
        """Whether the next sentence says that this one is not true."""
        return number + 1 < len(self._options) and self._options.denies_previous(number + 1)

    def _governed(self, number: int) -> Iterator[_Candidate]:
        """Join a sentence that a lead-in governs with that lead-in, whole."""
        lead = self._leads[number]
        if lead is None or len(self._offers[lead].reading) > self._length.most - _LEAST_ROOM:
            return
        whole = len(self._offers[lead].reading)
        yield from self._join([lead, number], self._standing(number), least_of_first=whole)

    def _joined(self, first: int) -> Iterator[_Candidate]:
        """Join a sentence that is too short alone with what follows it, until they are long enough."""
        words = len(self._offers[first].reading)
        if words >= self._length.least and not self._is_denied(first):
            return
        numbers = [first]
        while (words < self._length.least or len(numbers) == 1) and self._continues(numbers[-1]):
            numbers.append(numbers[-1] + 1)
            words += len(self._offers[numbers[-1]].reading)
        if len(numbers) > 1 and words >= self._length.least:
            yield from self._join(numbers, self._joined_standing(numbers))

    def _joined_standing(self, numbers: Sequence[int]) -> float:
        """Tell what neighbours are worth together; one that leans on the first has no price."""
        price = self._costs.join * sum(not self._offers[number].leans for number in numbers[1:])
        return self._standing(numbers[0]) - price - _ASIDE * self._offers[numbers[0]].is_aside

    def _pairs(self, first: int) -> Iterator[_Candidate]:
        """Join a sentence with the next: above the length of one sentence two whole ones beat a torn one."""
        if self._length.most <= LONGEST_SINGLE_SENTENCE or not self._continues(first):
            return
        gain = -self._costs.words_share * best_total(self._options[first].totals, self._length)
        for pair in self._join([first, first + 1], self._standing(first) + gain):
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
                words += len(self._offers[last].reading)
                last += 1
            if words >= self._length.least:
                price = self._costs.join * (last - first - 1)
                yield from self._join(list(range(first, last)), self._standing(first) - price)

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


def _find_leads(offers: Sequence[Offer], options: TextOptions) -> list[int | None]:
    """Find for every sentence the one that governs it: a line above it, or a sentence that says it is no fact."""
    leads: list[int | None] = []
    frame: int | None = None
    for number, offer in enumerate(offers):
        leads.append(frame if offer.led_by is None else offer.led_by)
        if options.frames_next(number):
            frame = number
    return leads


def best_total(totals: Sequence[float], length: Length) -> float:
    """Tell what a sentence's best words are worth at a length; all of its words where it is too short."""
    return max(totals[min(length.least, len(totals) - 1) :])


def _best_size(totals: Sequence[float], length: Length) -> int:
    return max(range(length.least, len(totals)), key=totals.__getitem__)
