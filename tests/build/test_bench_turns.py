"""The bench's turns, with real child processes and contenders without a model."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from bench_contenders import CountingContender

from briefd_build.bench.child import Child
from briefd_build.bench.contender import AbsentError, Generation, StepwiseModel, import_peer
from briefd_build.bench.measuring import Outcome, Work, measure
from briefd_build.bench.turns import Absence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WORK = Work(prompts=[[1, 2, 3], [4, 5, 6]], new_token_counts=(10, 20), thread_counts=(1, 2), rounds=2)


def ignore(stage: str) -> None:
    """Take a stage and say nothing."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("turns") / "log"


@pytest.fixture(scope="module")
def outcome(log: Path) -> Outcome:
    contenders = [
        CountingContender("reference", log),
        CountingContender("mistaken", log, mistaken=3),
        CountingContender("not installed", log, fails="prepare"),
        CountingContender("bad weights", log, fails="load"),
        CountingContender("crashing", log, fails="crash"),
    ]
    return measure(contenders, WORK, ignore)


@pytest.fixture(scope="module")
def turns(log: Path, outcome: Outcome) -> list[list[str]]:
    return [line.rsplit(" ", 4) for line in log.read_text().splitlines()]


def test_every_contender_is_measured_with_every_number_of_threads(outcome: Outcome) -> None:
    measured = [(one.name, one.thread_count) for one in outcome.measurements]
    assert measured == [("reference", 1), ("reference", 2), ("mistaken", 1), ("mistaken", 2)]
    for one in outcome.measurements:
        assert {count: len(samples) for count, samples in one.samples_ms.items()} == {10: 2, 20: 2}
        assert one.total_ms[10] > 0
        assert 0 < one.first_token_ms <= max(one.total_ms.values())
        assert one.token_ms > 0
        assert one.rss_peak_bytes is not None
        assert one.rss_bytes is not None
        assert 5_000_000 < one.rss_bytes <= one.rss_peak_bytes


def test_agreement_is_the_share_of_the_references_tokens(outcome: Outcome) -> None:
    assert {(one.name, one.agreement) for one in outcome.measurements} == {("reference", 1.0), ("mistaken", 0.7)}


def test_absent_contenders_are_named_with_their_reasons(outcome: Outcome) -> None:
    assert outcome.absences == [
        Absence("not installed", "it is not installed"),
        Absence("bad weights", "ValueError: bad weights"),
        Absence("crashing", "its process ended with code 3"),
    ]


def test_each_contender_lives_in_a_process_of_its_own_with_its_threads(turns: list[list[str]]) -> None:
    processes = defaultdict(set)
    for name, what, _, process, threads in turns:
        if what == "generate":
            processes[name, threads].add(process)
    assert processes.keys() >= {("reference", "1"), ("reference", "2"), ("mistaken", "1"), ("mistaken", "2")}
    every = [process for each in processes.values() for process in each]
    assert len(every) == len(set(every)) == len(processes)


def test_rounds_interleave_and_begin_with_another_contender_each_time(turns: list[list[str]]) -> None:
    timed = [(name, threads) for name, what, count, _, threads in turns if (what, count) == ("generate", "10")]
    first, second = (each[:4] for each in ([one for one in timed if one[0] != "crashing"], timed[-4:]))
    assert set(first) == set(second)
    assert len(set(first)) == 4
    assert first[0] != second[0]


def test_a_turn_begins_with_a_warm_up_and_does_all_the_work(turns: list[list[str]]) -> None:
    counts = [int(count) for name, what, count, _, threads in turns if (name, what, threads) == (
        "mistaken", "generate", "1",
    )]  # fmt: skip
    assert counts == [3, 10, 20] * 2


def test_without_the_reference_nothing_is_measured(tmp_path: Path) -> None:
    contenders = [CountingContender("reference", tmp_path / "log", fails="load")]
    with pytest.raises(AbsentError, match="bad weights"):
        measure(contenders, WORK, ignore)


def test_a_reference_that_fails_on_the_way_ends_the_bench(tmp_path: Path) -> None:
    contenders = [CountingContender("reference", tmp_path / "log", fails="late")]
    with pytest.raises(AbsentError, match="its process ended with code 3"):
        measure(contenders, Work([[1]], (10,), (1,), rounds=1), ignore)


def test_a_closed_child_is_gone(tmp_path: Path) -> None:
    child = Child(CountingContender("any", tmp_path / "log"), 1)
    child.wait_until_loaded()
    assert child.generate([1], 2) == Generation([0, 1], pytest.approx(0, abs=1), pytest.approx(0, abs=1))
    child.close()
    with pytest.raises(AbsentError, match="its process ended"):
        child.generate([1], 2)


def test_an_interrupt_is_for_the_parent_to_answer(tmp_path: Path) -> None:
    child = Child(CountingContender("any", tmp_path / "log"), 1)
    child.wait_until_loaded()
    process = int((tmp_path / "log").read_text().split()[-2])
    os.kill(process, signal.SIGINT)
    assert child.generate([1], 2).token_ids == [0, 1]
    child.close()


class Doubling:
    """Writes twice the sum of the prompt, then twice each token."""

    def begin(self, prompt_ids: Sequence[int]) -> int:
        return 2 * sum(prompt_ids)

    def step(self, token_id: int) -> int:
        return 2 * token_id


def test_a_stepwise_model_feeds_its_own_tokens_and_predicts_with_given_ones() -> None:
    model = StepwiseModel(Doubling())
    generation = model.generate([1, 2], 4)
    assert generation.token_ids == [6, 12, 24, 48]
    assert 0 < generation.first_token_seconds < generation.total_seconds
    assert model.predict([1, 2], [6, 1, 5]) == [6, 12, 2]


def test_a_peer_that_is_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(AbsentError, match=r"some-peer is not installed \(pip install 'briefd\[bench\]'\)"):
        import_peer("no_such_peer", "some-peer")
