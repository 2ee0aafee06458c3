"""Admission: order, bounds, deadlines and hints, without threads or time."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from briefd_server.admission import Admission, Place
from briefd_server.errors import QueueFullError, ShuttingDownError


class Caller:
    """A call that notes what becomes of it."""

    def __init__(self) -> None:
        self.worker: str | None = None
        self.is_late = False
        self.has_expired = False
        self.place: Place[str] = Place(self._start, lambda: self.is_late, self._expire)

    def _start(self, worker: str) -> None:
        self.worker = worker

    def _expire(self) -> None:
        self.has_expired = True


def admit(admission: Admission[str], count: int) -> list[Caller]:
    callers = [Caller() for _ in range(count)]
    for caller in callers:
        admission.admit(caller.place)
    return callers


def test_starts_at_once_then_queues_then_refuses() -> None:
    admission = Admission(["w"], queue_limit=2)
    callers = [Caller() for _ in range(3)]
    assert [admission.admit(caller.place) for caller in callers] == [0, 1, 2]
    assert [caller.worker for caller in callers] == ["w", None, None]
    assert (admission.running_count, admission.queued_count) == (1, 2)
    with pytest.raises(QueueFullError):
        admission.admit(Caller().place)


def test_without_a_queue_a_busy_daemon_refuses() -> None:
    admission = Admission(["w"], queue_limit=0)
    admit(admission, 1)
    with pytest.raises(QueueFullError):
        admission.admit(Caller().place)


def test_requests_are_read_while_there_is_room_and_not_too_many_at_once() -> None:
    admission = Admission(["w"], queue_limit=1)
    admission.check_room(arriving_count=63)
    with pytest.raises(QueueFullError):
        admission.check_room(arriving_count=64)
    admit(admission, 2)
    with pytest.raises(QueueFullError):
        admission.check_room()
    Admission(["w"], queue_limit=500).check_room(arriving_count=499)
    admission.close()
    with pytest.raises(ShuttingDownError):
        admission.check_room()


def test_workers_go_to_calls_in_order() -> None:
    admission = Admission(["a", "b"], queue_limit=8)
    callers = admit(admission, 4)
    admission.release("a", 1.0)
    admission.release("b", 1.0)
    assert {caller.worker for caller in callers[:2]} == {"a", "b"}
    assert [caller.worker for caller in callers[2:]] == ["a", "b"]
    assert admission.queued_count == 0


def test_a_late_call_never_starts() -> None:
    admission = Admission(["w"], queue_limit=8)
    _, late, last = admit(admission, 3)
    late.is_late = True
    admission.release("w", 1.0)
    assert late.has_expired
    assert late.worker is None
    assert last.worker == "w"


def test_a_call_that_is_late_on_arrival_never_starts() -> None:
    admission = Admission(["w"], queue_limit=8)
    caller = Caller()
    caller.is_late = True
    admission.admit(caller.place)
    assert caller.has_expired
    assert (admission.running_count, admission.queued_count) == (0, 0)


def test_a_cancelled_call_leaves_the_queue_at_once() -> None:
    admission = Admission(["w"], queue_limit=1)
    running, waiting = admit(admission, 2)
    admission.leave(waiting.place)
    admission.leave(running.place)  # has started: its worker comes back through release
    assert (admission.running_count, admission.queued_count) == (1, 0)
    admit(admission, 1)


def test_hint_follows_the_service_time_and_the_calls_ahead() -> None:
    admission = Admission(["a", "b"], queue_limit=2)
    admit(admission, 1)
    admission.release("a", 4.0)
    admit(admission, 4)
    with pytest.raises(QueueFullError) as refusal:
        admission.admit(Caller().place)
    assert refusal.value.retry_seconds == pytest.approx(4.0 * 4 / 2)


def test_hint_is_never_nothing_and_leans_to_the_latest() -> None:
    admission = Admission(["w"], queue_limit=0)
    admit(admission, 1)
    assert admission.retry_seconds() > 0
    admission.release("w", 1.0)
    for _ in range(30):
        admit(admission, 1)
        admission.release("w", 3.0)
    admit(admission, 1)
    assert admission.retry_seconds() == pytest.approx(3.0, rel=0.01)
    admission.release("w", None)
    admit(admission, 1)
    assert admission.retry_seconds() == pytest.approx(3.0, rel=0.01)


def test_a_closed_daemon_refuses_but_serves_those_who_wait() -> None:
    admission = Admission(["w"], queue_limit=8)
    _, waiting = admit(admission, 2)
    admission.close()
    with pytest.raises(ShuttingDownError):
        admission.admit(Caller().place)
    admission.release("w", 1.0)
    assert waiting.worker == "w"


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: nobody is lost, nobody jumps the queue, no worker has two calls."""

    def __init__(self) -> None:
        super().__init__()
        self.admission = Admission(["a", "b"], queue_limit=3)
        self.running: dict[str, Caller] = {}
        self.waiting: deque[Caller] = deque()

    @rule()
    def arrive(self) -> None:
        caller = Caller()
        if len(self.running) == 2 and len(self.waiting) == 3:
            with pytest.raises(QueueFullError):
                self.admission.admit(caller.place)
            return
        self.admission.admit(caller.place)
        self.waiting.append(caller)
        self.settle()

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        worker = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[worker]
        self.admission.release(worker, 1.0)
        self.settle()

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), goes_late=st.booleans())
    def give_up(self, data: st.DataObject, goes_late: bool) -> None:
        caller = data.draw(st.sampled_from(list(self.waiting)))
        if goes_late:
            caller.is_late = True
        else:
            self.admission.leave(caller.place)
            self.waiting.remove(caller)

    def settle(self) -> None:
        while self.waiting and (self.waiting[0].worker or self.waiting[0].has_expired):
            caller = self.waiting.popleft()
            if caller.worker:
                assert not caller.is_late
                assert caller.worker not in self.running
                self.running[caller.worker] = caller

    @invariant()
    def counts_agree(self) -> None:
        assert self.admission.running_count == len(self.running)
        assert self.admission.queued_count == len(self.waiting)
        assert not any(caller.worker for caller in self.waiting)


TestAnyOrder = AnyOrder.TestCase
