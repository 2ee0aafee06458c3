"""The demonstration shows every text's summary, and leaves no daemon behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from bundle_factory import make_bundle
from serving import REPOSITORY, python_environ, short_directory

# Puts the daemon with the fake engine in the place of `briefd`.
DRIVER = """
import sys
import demo

real_program = demo.program
demo.program = lambda name: sys.argv[0].replace("driver.py", "briefd") if name == "briefd" else real_program(name)
sys.exit(demo.main())
"""
# The signal meets the start of a process: after its fork, in a finalizer that happens to run there, or in a thread
# other than the one that waits for the process, whose wait it does not break.
INTERRUPTED_DRIVER = """
import signal
import subprocess
import threading

class Dying:
    def __del__(self):
        signal.raise_signal({number})

class Elsewhere(threading.Thread):
    def __init__(self, process):
        super().__init__(daemon=True)
        self.process = process

    def run(self):
        while not self.process._waitpid_lock.locked():
            pass
        signal.pthread_kill(threading.get_ident(), {number})

class Popen(subprocess.Popen):
    def __init__(self, arguments, **options):
        super().__init__(arguments, **options)
        if "slow.txt" in arguments:
            {moment}

subprocess.Popen = Popen
"""
DAEMON = """#!/bin/sh
exec {python} {repository}/tests/support/daemon_process.py "$@" --bundle {bundle}
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """Everything of one demonstration: its driver, its daemon, its bundle, its texts and its temporary files."""
    with short_directory() as path:
        make_bundle(path / "bundle")
        (path / "driver.py").write_text(DRIVER)
        (path / "briefd").write_text(
            DAEMON.format(python=sys.executable, repository=REPOSITORY, bundle=path / "bundle")
        )
        (path / "briefd").chmod(0o755)
        (path / "tmp").mkdir()
        (path / "short.txt").write_text("Bees keep the hive warm in winter by shivering in turns around the queen.")
        (path / "slow.txt").write_text("hold this text until the demonstration ends")
        yield path


@contextmanager
def demonstration(directory: Path, *files: str) -> Iterator[subprocess.Popen[str]]:
    environ = python_environ()
    process = subprocess.Popen(
        [sys.executable, str(directory / "driver.py"), *files],
        cwd=directory,
        env={
            **environ,
            "PYTHONPATH": os.pathsep.join([environ["PYTHONPATH"], str(REPOSITORY / "tools")]),
            "TMPDIR": str(directory / "tmp"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def nothing_is_left(directory: Path) -> bool:
    processes = [process for process in psutil.process_iter(["cmdline", "cwd"]) if str(directory) in str(process.info)]
    return not processes and not list((directory / "tmp").iterdir())


def test_every_text_is_summarized_and_the_daemon_stopped(directory: Path) -> None:
    with demonstration(directory, "short.txt", "short.txt") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert output.count("$ brief --metrics short.txt\nBees keep the hive warm") == 2
    assert "2 OK" in output.partition("$ brief health")[2]
    assert "its exit code is 0" in output
    assert nothing_is_left(directory)


def test_a_text_that_fails_does_not_keep_the_others_back(directory: Path) -> None:
    with demonstration(directory, "missing.txt", "short.txt") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Bees keep the hive warm" in output
    assert nothing_is_left(directory)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_stops_the_daemon(directory: Path, number: signal.Signals) -> None:
    with demonstration(directory, "slow.txt") as process:
        assert process.stdout is not None
        while "slow.txt" not in process.stdout.readline():
            pass
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert nothing_is_left(directory)


@pytest.mark.parametrize("moment", ["signal.raise_signal({number})", "Dying()", "Elsewhere(self).start()"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_at_the_start_of_a_process_is_not_lost(directory: Path, number: signal.Signals, moment: str) -> None:
    prelude = INTERRUPTED_DRIVER.format(number=int(number), moment=moment.format(number=int(number)))
    (directory / "driver.py").write_text(prelude + DRIVER)
    with demonstration(directory, "slow.txt") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "Exception ignored" not in output
    assert nothing_is_left(directory)


def test_a_daemon_that_does_not_start_is_quoted(directory: Path) -> None:
    (directory / "bundle" / "bundle.json").unlink()
    with demonstration(directory, "short.txt") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "The daemon ended with exit code 3. It said:\nbriefd: " in output
    assert "Traceback" not in output
    assert nothing_is_left(directory)
