from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_daemon import ScriptedDaemon, running_daemon, socket_address


@pytest.fixture
def short_directory() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name within the kernel's 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="brief-") as path:
        yield Path(path)


@pytest.fixture
def daemon(short_directory: Path) -> Iterator[ScriptedDaemon]:
    with running_daemon(socket_address(short_directory)) as running:
        yield running


@pytest.fixture(params=["unix", "tcp"])
def daemon_of_each_kind(request: pytest.FixtureRequest, short_directory: Path) -> Iterator[ScriptedDaemon]:
    address = socket_address(short_directory) if request.param == "unix" else "127.0.0.1:0"
    with running_daemon(address) as running:
        yield running
