"""The daemon's socket file while others remove or replace it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from serving import daemon_process, serving

from briefd_client import AsyncClient, Client
from briefd_server import daemon


def test_a_stopping_daemon_leaves_its_successors_socket() -> None:
    with daemon_process() as first:
        first.wait_ready()
        (first.directory / "s").unlink()
        (first.directory / "s.lock").unlink()
        with daemon_process("--listen", first.address, listen=False) as second, Client(first.address) as client:
            second.wait_ready()
            first.stop()
            assert first.wait()[0] == 0
            assert client.summarize("still here").summary == "still here"


def test_a_removed_socket_is_bound_again_and_running_calls_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "_LOOK_SECONDS", 0.01)

    async def live() -> None:
        async with serving() as served, AsyncClient(served.address) as client:
            running = served.call("hold a b")
            await served.started()
            path = Path(served.address.removeprefix("unix:"))
            path.unlink()
            while not path.exists():
                await asyncio.sleep(0.005)
            served.engine.released.set()
            assert [event async for event in running][-1].result.summary == "hold a b"
            assert (await client.summarize("a new client")).summary == "a new client"
            assert sorted(each.name for each in path.parent.iterdir()) == ["bundle", "s", "s.lock"]

    asyncio.run(live())
