"""Log lines and their reader, who may be slow, gone or asleep."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator

import pytest

from briefd_server.log_writing import LogWriter, logging_to_stderr


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(writing)
    os.close(reading)


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("briefd", logging.INFO, __file__, 1, message, None, None)


def read_until(reading: int, end: bytes) -> list[str]:
    data = b""
    while end not in data:
        data += os.read(reading, 1 << 20)
    return data.decode().splitlines()


def test_lines_are_written_in_order_and_to_the_last(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    for number in range(50):
        writer.handle(record(f"line {number}"))
    writer.close()
    lines = read_until(pipe[0], b"line 49\n")
    assert [line.rpartition(": ")[2] for line in lines] == [f"line {number}" for number in range(50)]


def test_what_utf8_cannot_say_is_escaped(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    # Not by a logger: pytest would keep the line for its report, which no worker of pytest-xdist could send.
    writer.handle(record("caf\udce9"))
    writer.close()
    assert read_until(pipe[0], b"\n")[0].endswith(r"caf\udce9")


def test_lines_that_nobody_takes_are_dropped_and_counted(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1], capacity=3)
    # Larger than what a pipe holds: the thread waits in the middle of the first.
    writer.handle(record("x" * (1 << 20)))
    while not os.read(pipe[0], 1):
        pass
    start_seconds = time.monotonic()
    for number in range(10):
        writer.handle(record(f"line {number}"))
    assert time.monotonic() - start_seconds < 1
    lines = read_until(pipe[0], b"line 2\n")
    assert any(line.endswith("7 log line(s) were dropped: nobody took them in time") for line in lines)
    assert not any("line 3" in line for line in lines)
    writer.close()


def test_the_end_does_not_wait_for_a_reader_that_stands_still() -> None:
    reading, writing = os.pipe()
    writer = LogWriter(writing, capacity=1)
    for _ in range(3):
        writer.handle(record("x" * (1 << 20)))
    start_seconds = time.monotonic()
    writer.close()
    assert time.monotonic() - start_seconds < 5
    os.close(writing)
    # Once somebody reads, the thread ends and closes what it wrote to: there is an end of the file.
    while os.read(reading, 1 << 20):
        pass
    os.close(reading)


def test_lines_reach_their_reader_whoever_closes_the_descriptor() -> None:
    reading, writing = os.pipe()
    writer = LogWriter(writing)
    os.close(writing)
    writer.handle(record("still here"))
    writer.close()
    assert os.read(reading, 1 << 20).endswith(b"still here\n")
    os.close(reading)


def test_a_descriptor_that_was_closed_before_is_no_error() -> None:
    writer = LogWriter(1 << 30)
    writer.handle(record("nobody reads this"))
    writer.close()


def test_a_reader_that_left_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LogWriter(writing)
    writer.handle(record("nobody reads this"))
    writer.close()
    os.close(writing)


def test_only_what_is_logged_inside_and_from_the_level_on_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("briefd_server.test")
    level = logging.getLogger().level
    try:
        with logging_to_stderr("warning"):
            logger.info("too low")
            logger.warning("high enough")
        logger.warning("too late")
    finally:
        logging.getLogger().setLevel(level)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.endswith("WARNING briefd_server.test: high enough")
