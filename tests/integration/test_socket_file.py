"""The daemon's socket file while others remove or replace it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from serving import daemon_process, serving, short_directory

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


@pytest.mark.parametrize("name", [b"caf\xe9", "\xf1and\xfa".encode()])
def test_a_path_of_any_bytes_in_any_locale(name: bytes) -> None:
    locale = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    with short_directory() as directory:
        folder = os.path.join(os.fsencode(directory), name)
        os.mkdir(folder)
        address = b"unix:" + os.path.join(folder, b"s")
        with daemon_process("--listen", address, listen=False, environ=locale) as daemon:
            daemon.wait_ready()
            with Client(os.fsdecode(address)) as client:
                assert client.summarize("any bytes").summary == "any bytes"
