from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_brief import WAIT_SECONDS
from serving import python_environ

from briefd_client.cli.pipeline import map_in_order


@settings(max_examples=25)
@given(st.lists(st.integers(), max_size=40), st.integers(1, 8))
def test_answers_come_in_the_order_of_the_items(items, concurrency):
    assert list(map_in_order(lambda item: item * 2, items, concurrency=concurrency)) == [item * 2 for item in items]


def test_so_many_items_are_worked_on_at_a_time_and_no_more():
    lock = threading.Lock()
    running = most_running = 0
    together = threading.Barrier(3)

    def work(item: int) -> int:
        nonlocal running, most_running
        with lock:
            running += 1
            most_running = max(most_running, running)
        together.wait(60)  # passes only when three work at the same time
        with lock:
            running -= 1
        return item

    assert list(map_in_order(work, range(12), concurrency=3)) == list(range(12))
    assert most_running == 3


def test_items_are_not_read_far_ahead():
    read = []

    def items():
        for number in range(100):
            read.append(number)
            yield number

    answers = map_in_order(lambda item: item, items(), concurrency=2)
    for taken in range(10):
        next(answers)
        assert len(read) <= taken + 1 + 4 + 1
    answers.close()


def test_an_answer_does_not_wait_for_the_next_item():
    asked = threading.Event()

    def items():
        yield "first"
        assert asked.wait(60)
        yield "second"

    answers = map_in_order(str.upper, items(), concurrency=4)
    assert next(answers) == "FIRST"
    asked.set()
    assert list(answers) == ["SECOND"]


@pytest.mark.parametrize("fails_in", ["item", "function"])
def test_a_failure_is_raised_in_its_turn(fails_in):
    def items():
        yield 1
        if fails_in == "item":
            raise OSError("the disk is gone")
        yield 2

    def work(item: int) -> int:
        if item == 2:
            raise OSError("the disk is gone")
        return item

    answers = map_in_order(work, items(), concurrency=2)
    assert next(answers) == 1
    with pytest.raises(OSError, match="disk"):
        next(answers)


def test_leaving_early_ends_the_threads():
    before = threading.active_count()
    answers = map_in_order(lambda item: item, iter(range(10_000)), concurrency=4)
    assert next(answers) == 0
    answers.close()
    deadline = time.monotonic() + 60
    while threading.active_count() > before:
        assert time.monotonic() < deadline


# The thread that works on an item, or the one that reads items, receives the signal while the main thread waits.
INTERRUPTED = """
import signal
import threading
import time
from briefd_client.cli.pipeline import map_in_order

released = threading.Event()

def hang(item):
    time.sleep(0.5)  # nothing tells that the main thread waits in the system
    signal.pthread_kill(threading.get_ident(), signal.SIGINT)
    released.wait({seconds})

def items():
    yield 1
    {reading}

try:
    list(map_in_order({function}, items(), concurrency=1))
except KeyboardInterrupt:
    print("interrupted")
    released.set()
"""


@pytest.mark.parametrize(("reading", "function"), [("", "hang"), ("hang(2)", "str")])
def test_an_interrupt_that_another_thread_receives_ends_the_wait(reading, function):
    script = INTERRUPTED.format(reading=reading or "pass", function=function, seconds=2 * WAIT_SECONDS)
    finished = subprocess.run(
        [sys.executable, "-c", script],
        env=python_environ(),
        stdout=subprocess.PIPE,
        text=True,
        timeout=WAIT_SECONDS,
        check=True,
    )
    assert finished.stdout == "interrupted\n"
