"""Connections that do nothing, up to every bound: they lock nobody out."""

from __future__ import annotations

import asyncio
import resource
import socket

import pytest
from serving import serving

from briefd_client import AsyncClient
from briefd_server.service import server


@pytest.mark.parametrize(
    ("address_count", "descriptor_limit", "expected"), [(1, 1024, 960), (2, 1024, 480), (1, 1 << 20, 1000), (1, 32, 1)]
)
def test_connections_leave_descriptors_for_the_daemon(address_count: int, descriptor_limit: int, expected: int) -> None:
    assert server.most_connections(address_count, descriptor_limit) == expected


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side closed; what it sent until then is passed over."""
    try:
        while connection.recv(4096):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def test_silent_connections_are_bounded_and_then_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64 + 5, 64 + 5))
    monkeypatch.setattr(server, "_HANDSHAKE_MS", 500)

    async def live() -> None:
        async with serving() as served:
            path = served.address.removeprefix("unix:")
            silent = [socket.socket(socket.AF_UNIX) for _ in range(12)]
            for each in silent:
                each.connect(path)
                each.setblocking(False)
            # The client that waits for the daemon in `serving` has one of the five.
            while sum(map(is_closed, silent)) < 8:
                await asyncio.sleep(0.01)
            assert (await served.health()).status
            while not all(map(is_closed, silent)):
                await asyncio.sleep(0.01)
            async with AsyncClient(served.address) as client:
                assert (await client.summarize("room again")).summary == "room again"
            for each in silent:
                each.close()

    asyncio.run(asyncio.wait_for(live(), 60))


def test_a_connection_without_a_call_is_closed_and_its_client_does_not_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_IDLE_MS", 200)

    async def live() -> None:
        async with serving() as served, AsyncClient(served.address) as client:
            for _ in range(3):
                assert (await client.summarize("a b c")).summary == "a b c"
                await asyncio.sleep(0.5)

    asyncio.run(live())
