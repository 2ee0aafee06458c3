"""The daemon with the default bundle when calls are to end early, pile up, or outlive the daemon's service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from odd_texts import NOTE
from serving import DaemonProcess, default_daemon

from briefd_client import NO_RETRY, Chunk, Client, DeadlineError, QueueFullError, Result, UnavailableError

WAIT_SECONDS = 30.0
# Less than one window of a text takes.
IDLE_CPU_SECONDS = 0.05
# Seconds of work, hundreds of windows.
LONG_TEXT = NOTE * 1200
# A second of work or so.
SHORTER_TEXT = NOTE * 150


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    with default_daemon("--queue", "1") as running:
        yield running


def cpu_seconds(daemon: DaemonProcess) -> float:
    times = psutil.Process(daemon.process.pid).cpu_times()
    return times.user + times.system


def wait_until(condition: Callable[[], bool]) -> None:
    end_seconds = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < end_seconds
        time.sleep(0.01)


def check_idle(daemon: DaemonProcess, client: Client) -> None:
    """Fail unless the daemon soon has no call, and then uses no processor time."""
    wait_until(lambda: client.health().running_call_count == 0)
    before_seconds = cpu_seconds(daemon)
    time.sleep(0.5)
    assert cpu_seconds(daemon) - before_seconds <= IDLE_CPU_SECONDS


def test_a_cancelled_call_stops_using_the_processor(daemon, client):
    start_seconds = cpu_seconds(daemon)
    events = client.stream(LONG_TEXT)
    next(events)
    wait_until(lambda: cpu_seconds(daemon) > start_seconds + 0.5)
    assert client.health().running_call_count == 1
    events.close()
    cancelled_seconds = cpu_seconds(daemon)
    check_idle(daemon, client)
    assert cpu_seconds(daemon) - cancelled_seconds < 0.5


def test_a_deadline_stops_a_call(daemon, client):
    with pytest.raises(DeadlineError):
        client.summarize(LONG_TEXT, timeout_seconds=0.6)
    check_idle(daemon, client)


def test_a_full_queue_is_told_with_a_hint_and_tried_again(daemon, client):
    running, waiting = client.stream(SHORTER_TEXT), client.stream(SHORTER_TEXT)
    assert [next(running).queue_position, next(waiting).queue_position] == [0, 1]
    with Client(daemon.address, retry=NO_RETRY) as hasty, pytest.raises(QueueFullError) as caught:
        hasty.summarize(NOTE)
    assert caught.value.retry_after_seconds > 0
    assert client.summarize(NOTE).length_met
    assert all(isinstance(list(events)[-1], Result) for events in (running, waiting))
    assert client.health().totals.call_count_by_outcome["RESOURCE_EXHAUSTED"] >= 2


def test_a_call_that_runs_at_sigterm_is_finished():
    with default_daemon() as daemon, Client(daemon.address, retry=NO_RETRY) as client:
        events = client.stream(SHORTER_TEXT)
        next(events)
        daemon.stop()
        wait_until(lambda: client.health().status.value == "not_serving")
        with pytest.raises(UnavailableError):
            client.summarize(NOTE)
        *chunks, last = events
        code, log = daemon.wait()
    assert isinstance(last, Result)
    assert "".join(chunk.text for chunk in chunks if isinstance(chunk, Chunk)) == last.result.summary
    assert (code, "Traceback" in log) == (0, False), log
