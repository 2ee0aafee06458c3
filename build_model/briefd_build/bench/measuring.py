"""The contenders' turns: every round each of them does the same work, and medians over the rounds are compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from briefd_build.bench.child import Child
from briefd_build.bench.turns import Absence, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.bench.contender import Contender, Generation

# Written before a turn's timed work: the others' turns have put this contender's weights out of the processor's caches
# and its threads to sleep.
_WARM_UP_TOKENS = 3


@dataclass(frozen=True)
class Work:
    """What every contender does.

    Attributes:
        prompts: token ids; the first is the timed one, all of them are for the agreement.
        new_token_counts: how many tokens each turn writes, one generation after the other.
        thread_counts: each is a contender of its own.
        rounds: turns of every contender.
    """

    prompts: Sequence[Sequence[int]]
    new_token_counts: Sequence[int]
    thread_counts: Sequence[int]
    rounds: int


@dataclass
class Measurement:
    """What was measured of a contender with a number of threads.

    Attributes:
        total_ms: for each number of new tokens, the median time from the start to the last token.
        first_token_ms: the median time to the first token: of reading the prompt.
        token_ms: the median time for one more token.
        agreement: share of tokens for which the contender, given the reference's own tokens up to there, would write
            the reference's next one (teacher-forced), from 0 to 1.
        samples_ms: for each number of new tokens, every round's time.
    """

    name: str
    note: str
    thread_count: int
    total_ms: dict[int, float] = field(default_factory=dict)
    first_token_ms: float = 0.0
    token_ms: float = 0.0
    agreement: float = 0.0
    rss_peak_bytes: int | None = None
    rss_bytes: int | None = None
    samples_ms: dict[int, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """Everything that was measured, in the contenders' order, and what could not be."""

    measurements: list[Measurement]
    absences: list[Absence]


def measure(contenders: Sequence[Contender], work: Work, report: Callable[[str], None]) -> Outcome:
    """Let the contenders take turns; the first is the reference of agreement.

    Raises:
        AbsentError: the reference can't be measured.

    """
    comparison = _Comparison(work, report)
    try:
        comparison.start(contenders)
        comparison.compare(contenders[0])
        comparison.run()
        return comparison.outcome(contenders[0])
    finally:
        comparison.close()


class _Comparison:
    """The contenders' turns, and what they did so far."""

    def __init__(self, work: Work, report: Callable[[str], None]) -> None:
        self._work = work
        self._report = report
        self._turns: Turns[Contender, Child] = Turns(Child, report)
        self._measurements: dict[Child, Measurement] = {}
        self._generations: dict[Child, dict[int, list[Generation]]] = {}

    def start(self, contenders: Sequence[Contender]) -> None:
        """Make every contender's files and load it, one after the other."""
        self._turns.start(contenders, self._work.thread_counts)
        for child in self._turns.entrants:
            self._measurements[child] = Measurement(child.row.name, child.row.note, child.thread_count)
            self._generations[child] = {count: [] for count in self._work.new_token_counts}

    def compare(self, reference: Contender) -> None:
        """Compare what every contender would write with what the reference writes."""
        judge = self._turns.find(reference)
        self._report("comparing the contenders' tokens")
        length = max(self._work.new_token_counts)
        expected = [judge.generate(prompt, length).token_ids for prompt in self._work.prompts]

        def compare(child: Child) -> None:
            predicted = [child.predict(*each) for each in zip(self._work.prompts, expected, strict=True)]
            self._measurements[child].agreement = _share_of_equals(predicted, expected)

        self._turns.take(compare)

    def run(self) -> None:
        """Go round."""
        prompt = self._work.prompts[0]

        def generate(child: Child) -> None:
            child.generate(prompt, _WARM_UP_TOKENS)
            for count in self._work.new_token_counts:
                self._generations[child][count].append(child.generate(prompt, count))

        self._turns.go_round(generate, self._work.rounds)

    def outcome(self, reference: Contender) -> Outcome:
        """Sum up, unless the reference failed on the way."""
        self._turns.take(self._read_memory)
        self._turns.find(reference)
        for child in self._turns.entrants:
            _sum_up(self._measurements[child], self._generations[child])
        return Outcome([self._measurements[child] for child in self._turns.entrants], self._turns.absences)

    def close(self) -> None:
        """End the children."""
        self._turns.close()

    def _read_memory(self, child: Child) -> None:
        memory = child.memory()
        measurement = self._measurements[child]
        measurement.rss_peak_bytes, measurement.rss_bytes = memory.rss_peak_bytes, memory.rss_bytes


def _share_of_equals(predicted: Sequence[Sequence[int]], expected: Sequence[Sequence[int]]) -> float:
    pairs = [pair for row in zip(predicted, expected, strict=True) for pair in zip(*row, strict=True)]
    return sum(one == other for one, other in pairs) / len(pairs)


def _sum_up(measurement: Measurement, generations: dict[int, list[Generation]]) -> None:
    for count, each in generations.items():
        measurement.samples_ms[count] = [1e3 * one.total_seconds for one in each]
        measurement.total_ms[count] = median(measurement.samples_ms[count])
    longest = max(generations)
    measurement.first_token_ms = 1e3 * median(one.first_token_seconds for each in generations.values() for one in each)
    measurement.token_ms = 1e3 * median(
        (one.total_seconds - one.first_token_seconds) / (longest - 1) for one in generations[longest]
    )
