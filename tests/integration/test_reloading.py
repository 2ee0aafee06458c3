"""SIGHUP: settings and the bundle are read again, and no call fails for it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bundle_factory import make_bundle
from serving import DaemonProcess, daemon_process

from briefd_client import NO_RETRY, Client, Result


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    file = tmp_path / "briefd.toml"
    file.write_text("queue = 3\n")
    return file


@pytest.fixture
def daemon(settings: Path) -> Iterator[DaemonProcess]:
    with daemon_process("--config", str(settings)) as running:
        running.wait_ready()
        yield running


def reload(daemon: DaemonProcess, expected: str) -> str:
    """Send SIGHUP and wait for the line that says what came of it."""
    assert daemon.process.stderr is not None
    daemon.stop(signal.SIGHUP)
    for line in daemon.process.stderr:
        if "reload" in line:
            assert expected in line
            return line
    raise AssertionError("the daemon ended")


def test_settings_are_taken_and_running_calls_go_on(daemon: DaemonProcess, settings: Path) -> None:
    with Client(daemon.address) as client:
        running = client.stream("pause a b")
        next(running)
        settings.write_text("queue = 5\nworkers = 2\n")
        reload(daemon, "reloaded: bundle tiny-en")
        report = client.health()
        assert report.limits is not None
        assert (report.limits.max_queued_call_count, report.limits.worker_count) == (5, 2)
        assert client.summarize("a new call").summary == "a new call"
        (daemon.directory / "go").touch()
        assert isinstance(list(running)[-1], Result)
    daemon.stop()
    code, log = daemon.wait()
    assert (code, "Traceback" in log) == (0, False), log


def test_another_bundle_takes_the_place_of_the_old(daemon: DaemonProcess) -> None:
    with Client(daemon.address) as client:
        before = client.health().bundle
        make_bundle(daemon.directory / "next", name="next-en")
        (daemon.directory / "bundle").rename(daemon.directory / "old")
        (daemon.directory / "next").rename(daemon.directory / "bundle")
        reload(daemon, "reloaded: bundle next-en")
        after = client.health().bundle
        assert before is not None
        assert after is not None
        assert (before.name, after.name) == ("tiny-en", "next-en")
        assert client.summarize("a new call", bundle=after.digest).summary == "a new call"


@pytest.mark.parametrize(
    ("content", "complaint"), [("queue = -1\n", "queue: give a whole number"), ("queue = \n", "not valid TOML")]
)
def test_settings_that_are_wrong_leave_all_as_it_was(
    daemon: DaemonProcess, settings: Path, content: str, complaint: str
) -> None:
    settings.write_text(content)
    assert complaint in reload(daemon, "the reload failed, all stays as it was: ")
    check_unchanged(daemon)


def test_a_bundle_that_is_damaged_leaves_all_as_it_was(daemon: DaemonProcess) -> None:
    (daemon.directory / "bundle" / "optimized.onnx").write_bytes(b"other")
    assert "install the bundle again" in reload(daemon, "the reload failed, all stays as it was: ")
    check_unchanged(daemon)


def test_a_bundle_that_fails_leaves_all_as_it_was(daemon: DaemonProcess) -> None:
    (daemon.directory / "bundle" / "bundle.json").unlink()
    make_bundle(daemon.directory / "bundle", examples=("crash",))
    assert "fails at example 1" in reload(daemon, "the reload failed, all stays as it was: ")
    check_unchanged(daemon)


def check_unchanged(daemon: DaemonProcess) -> None:
    with Client(daemon.address) as client:
        report = client.health()
        assert report.limits is not None
        assert report.limits.max_queued_call_count == 3
        assert client.summarize("as before").summary == "as before"


def test_no_call_fails_in_many_reloads(daemon: DaemonProcess) -> None:
    is_over = threading.Event()
    answers: list[str] = []

    def ask() -> None:
        with Client(daemon.address, retry=NO_RETRY) as client:
            while not is_over.is_set():
                answers.append(client.summarize("a b c").summary)

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        for _ in range(20):
            reload(daemon, "reloaded: ")
        is_over.set()
        asking.result()
    assert set(answers) == {"a b c"}
    threads = os.listdir(f"/proc/{daemon.process.pid}/task")
    assert len(threads) < 20 + (os.cpu_count() or 1)
