"""How calls ended, in the log."""

from __future__ import annotations

import logging

import pytest

from briefd_server.service.outcome_log import OutcomeLog


def test_calls_that_end_alike_are_one_line_and_a_count(caplog: pytest.LogCaptureFixture) -> None:
    now_seconds = 0.0
    log = OutcomeLog(clock=lambda: now_seconds)
    with caplog.at_level(logging.INFO):
        for number in range(1000):
            log.note(f"r-{number}", "RESOURCE_EXHAUSTED")
        log.note("r-x", "CANCELLED")
        assert caplog.messages == ["call r-0: RESOURCE_EXHAUSTED", "call r-x: CANCELLED"]
        caplog.clear()
        now_seconds = 11.0
        log.note("r-1000", "RESOURCE_EXHAUSTED")
        assert caplog.messages == ["999 more call(s): RESOURCE_EXHAUSTED", "call r-1000: RESOURCE_EXHAUSTED"]
        caplog.clear()
        log.note("r-1001", "RESOURCE_EXHAUSTED")
        log.flush()
        log.flush()
        assert caplog.messages == ["1 more call(s): RESOURCE_EXHAUSTED"]


def test_answered_calls_are_logged_for_those_who_look_closely(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        log = OutcomeLog()
        log.note("r-1", "OK")
        log.note("r-2", "OK")
    assert caplog.messages == ["call r-1: OK", "call r-2: OK"]
