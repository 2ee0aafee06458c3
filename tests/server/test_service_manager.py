"""What the service manager is told, and when it gets no sign of life."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import short_directory

from briefd_server.service_manager import ServiceManager
from briefd_server.vital_signs import give_signs_of_life


@pytest.fixture
def manager_socket() -> Iterator[socket.socket]:
    with short_directory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(directory / "notify"))
        listening.settimeout(5)
        yield listening


def environ_of(listening: socket.socket, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": listening.getsockname(), **more}


def test_states_are_told_by_the_protocol(manager_socket: socket.socket) -> None:
    manager = ServiceManager(environ_of(manager_socket))
    for tell in (lambda: manager.ready("serving x"), manager.alive, manager.stopping):
        tell()
    told = [manager_socket.recv(4096).decode().splitlines() for _ in range(3)]
    assert told[0] == ["READY=1", "STATUS=serving x"]
    assert told[1] == ["WATCHDOG=1"]
    assert told[2][0] == "STOPPING=1"


def test_a_reload_carries_its_time(manager_socket: socket.socket) -> None:
    ServiceManager(environ_of(manager_socket)).reloading()
    lines = manager_socket.recv(4096).decode().splitlines()
    assert lines[0] == "RELOADING=1"
    assert int(lines[1].removeprefix("MONOTONIC_USEC=")) > 0


def test_an_abstract_socket_is_found() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0briefd-test-{os.getpid()}")
        listening.settimeout(5)
        ServiceManager({"NOTIFY_SOCKET": f"@briefd-test-{os.getpid()}"}).alive()
        assert listening.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize("name", ["", "/nowhere/notify", "@nobody-listens-here"])
def test_a_manager_that_does_not_listen_is_no_error(name: str) -> None:
    ServiceManager({"NOTIFY_SOCKET": name}).ready("serving")


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
    ],
)
def test_the_watchdog_is_for_this_process_alone(variables: dict[str, str], seconds: float | None) -> None:
    assert ServiceManager({"NOTIFY_SOCKET": "/run/notify", **variables}).watchdog_seconds == seconds
    assert ServiceManager(variables).watchdog_seconds is None


class Living:
    """Shows life until it is told to stand still, or to fail."""

    def __init__(self) -> None:
        self.moves = asyncio.Event()
        self.moves.set()
        self.fails = False

    async def show_life(self) -> None:
        await self.moves.wait()
        if self.fails:
            raise RuntimeError("a text that nobody should read")


def test_signs_stop_where_a_worker_stands_still_or_fails(
    manager_socket: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    async def live() -> None:
        manager = ServiceManager(environ_of(manager_socket, WATCHDOG_USEC="30000"))
        living = Living()
        watching = asyncio.create_task(give_signs_of_life(lambda: living, manager))  # type: ignore[arg-type, return-value]
        for _ in range(3):
            assert await asyncio.to_thread(manager_socket.recv, 100) == b"WATCHDOG=1"
        living.moves.clear()
        await asyncio.sleep(0.05)
        drain(manager_socket)
        await asyncio.sleep(0.1)
        assert drain(manager_socket) == 0
        living.fails = True
        living.moves.set()
        await asyncio.sleep(0.1)
        assert drain(manager_socket) == 0
        watching.cancel()

    asyncio.run(live())
    assert "RuntimeError" in caplog.text
    assert "nobody should read" not in caplog.text


def drain(listening: socket.socket) -> int:
    """Count what was told and not yet read."""
    count = 0
    listening.settimeout(0)
    try:
        while listening.recv(100):
            count += 1
    except BlockingIOError:
        return count
    return count


def test_without_a_watchdog_nothing_is_watched(tmp_path: Path) -> None:
    asyncio.run(give_signs_of_life(lambda: pytest.fail("was asked"), ServiceManager({})))
