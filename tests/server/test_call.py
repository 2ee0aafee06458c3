"""A running call: stages, stops and deadlines, and its usage on the way."""

from __future__ import annotations

import threading

import pytest

from briefd_server.call import Call
from briefd_server.engines.base import CallStopped, Stage, Task
from briefd_server.metering.base import Meter
from briefd_server.metering.cpu import CpuProbe


class Clock:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


def make_call(clock: Clock, **fields: object) -> Call:
    meter = Meter([CpuProbe(clock)])
    return Call(Task("a b c", 3, 5), "optimized", meter=meter, emit=lambda chunk: None, clock=clock, **fields)  # type: ignore[arg-type]


def test_times_add_up() -> None:
    clock = Clock()
    call = make_call(clock)
    clock.seconds += 2
    with call.measured():
        call.model_threads = 4
        for stage in (Stage.TOKENIZE, Stage.INFERENCE, Stage.INFERENCE):
            with call.stage(stage):
                clock.seconds += 3
        clock.seconds += 1
        usage = call.usage()
    assert (usage.queue_seconds, usage.tokenize_seconds, usage.inference_seconds) == (2, 3, 6)
    assert (usage.total_seconds, usage.cpu_seconds, usage.model_threads) == (12, 10, 4)


def test_a_reading_on_the_way_counts_the_open_stage() -> None:
    clock = Clock()
    call = make_call(clock)
    with call.measured(), call.stage(Stage.INFERENCE):
        clock.seconds += 3
        usage = call.usage()
        assert (usage.tokenize_seconds, usage.inference_seconds) == (0, 3)


def test_a_waiting_call_has_only_waited() -> None:
    clock = Clock()
    call = make_call(clock)
    clock.seconds += 3
    usage = call.usage()
    assert (usage.queue_seconds, usage.total_seconds) == (3, 3)
    assert (usage.tokenize_seconds, usage.inference_seconds, usage.cpu_seconds) == (None, None, None)


def test_after_its_end_only_times_are_read() -> None:
    clock = Clock()
    call = make_call(clock)
    with call.measured():
        clock.seconds += 1
    clock.seconds += 1
    usage = call.usage()
    assert (usage.total_seconds, usage.cpu_seconds) == (2, None)


def test_a_stop_reaches_checkpoints_and_callbacks_once() -> None:
    calls: list[str] = []
    call = make_call(Clock())
    call.checkpoint()
    with call.on_stop(lambda: calls.append("outer")):
        with call.on_stop(lambda: calls.append("left")):
            pass
        call.stop()
        call.stop()
        assert calls == ["outer"]
        with pytest.raises(CallStopped):
            call.checkpoint()
    with pytest.raises(CallStopped), call.on_stop(lambda: calls.append("late")):
        pass
    assert calls == ["outer"]


def test_a_deadline_stops_at_the_next_checkpoint() -> None:
    clock = Clock()
    call = make_call(clock, deadline_seconds=51.0)
    call.checkpoint()
    assert not call.is_late
    clock.seconds = 51.0
    assert call.is_late
    with pytest.raises(CallStopped):
        call.checkpoint()


def test_leaving_waits_for_a_callback_that_runs() -> None:
    """What the callback uses may be gone after the context: a stop from another thread must have finished with it."""
    in_callback, may_end, has_left = threading.Event(), threading.Event(), threading.Event()
    call = make_call(Clock())

    def callback() -> None:
        in_callback.set()
        may_end.wait(10)
        assert not has_left.is_set()

    def work() -> None:
        with call.on_stop(callback):
            in_callback.wait(10)
        has_left.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not call._stop_callbacks:
        pass
    stopper = threading.Thread(target=call.stop)
    stopper.start()
    assert not has_left.wait(0.05)
    may_end.set()
    assert has_left.wait(10)
    worker.join()
    stopper.join()
