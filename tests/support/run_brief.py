"""Runs `brief` in tests: in this process, as a process of its own, or as one on a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from briefd_client.cli.root import cli

PROGRAM = Path(sys.executable).with_name("brief")
# Long enough for a machine that has much else to do; nothing waits so long when all is well.
WAIT_SECONDS = 60


def run(*words: str, address: str | None = None, stdin: str | bytes = "", **environment: str | None) -> Result:
    """Run `brief` in this process; a failure that is no exit is raised."""
    defaults = {"BRIEFD_ADDRESS": address, "NO_COLOR": None, "COLUMNS": "100"}
    return CliRunner().invoke(
        cli, words, input=stdin, env={**defaults, **environment}, prog_name="brief", catch_exceptions=False
    )


def records(output: str) -> list[dict]:
    """Read JSON lines."""
    return [json.loads(line) for line in output.splitlines()]


def start(*words: str, address: str, environment: dict[str, str] | None = None, **streams: object) -> subprocess.Popen:
    """Start `brief` as a process of its own."""
    defaults = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen([PROGRAM, *words], env=_environment(address, environment or {}), **{**defaults, **streams})


def finish(process: subprocess.Popen, stdin: bytes | None = None) -> tuple[int, bytes, bytes]:
    """Wait for the end of a process; return its exit status and what it wrote."""
    try:
        output, errors = process.communicate(stdin, timeout=WAIT_SECONDS)
    finally:
        process.kill()
    return process.returncode, output, errors


@dataclass(frozen=True)
class Screen:
    """What a terminal was sent, by both streams or by the one that led there."""

    status: int
    shown: str
    other: str


def run_on_terminal(
    *words: str,
    address: str,
    on_terminal: Sequence[str] = ("stdin", "stdout", "stderr"),
    stdin: bytes = b"",
    environment: dict[str, str] | None = None,
) -> Screen:
    """Run `brief` with some of its streams on a terminal and the others on pipes."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST  # line ends as the program wrote them
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    process = start(*words, address=address, environment=environment, **dict.fromkeys(on_terminal, slave))
    os.close(slave)
    if process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
    shown = _read_all(master)
    status, output, errors = finish(process)
    return Screen(status, shown.decode(), ((output or b"") + (errors or b"")).decode())


def _read_all(master: int) -> bytes:
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the kernel's way to say that the last process left the terminal
        pass
    finally:
        os.close(master)
    return shown


def _environment(address: str, changes: dict[str, str]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return {**inherited, "BRIEFD_ADDRESS": address, "TERM": "xterm", **changes}
