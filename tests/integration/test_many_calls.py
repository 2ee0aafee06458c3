"""More calls at once than any bound of the transport: our queue answers them all, with a hint."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import grpc
import psutil
import pytest
from serving import READY_SECONDS, DaemonProcess, daemon_process

from briefd_client import NO_RETRY, AsyncClient, QueueFullError, Result, SummaryResult, TextError

CALL_COUNT = 600
QUEUE_LIMIT = 4


@pytest.fixture
def daemon() -> Iterator[DaemonProcess]:
    with daemon_process("--log-level", "warning", "--queue", str(QUEUE_LIMIT)) as running, running.channel() as channel:
        grpc.channel_ready_future(channel).result(READY_SECONDS)
        yield running


def start_all(client: AsyncClient) -> list[asyncio.Task[SummaryResult]]:
    """Ask over a connection that is new, so that no bound of the server's is known yet."""
    return [asyncio.ensure_future(client.summarize(f"caller {number} speaks")) for number in range(CALL_COUNT)]


def test_who_finds_no_room_is_told_so_with_a_hint(daemon: DaemonProcess) -> None:
    async def ask() -> list[SummaryResult | BaseException]:
        async with AsyncClient(daemon.address) as first, AsyncClient(daemon.address, retry=NO_RETRY) as client:
            running = first.stream("pause a b")
            await anext(running)
            calls = set(start_all(client))
            waiting = calls
            while len(waiting) > QUEUE_LIMIT:
                _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            (daemon.directory / "go").touch()
            assert isinstance([event async for event in running][-1], Result)
            return await asyncio.gather(*calls, return_exceptions=True)

    answers = asyncio.run(ask())
    refusals = [answer for answer in answers if not isinstance(answer, SummaryResult)]
    assert len(refusals) == CALL_COUNT - QUEUE_LIMIT
    assert {type(refusal) for refusal in refusals} == {QueueFullError}
    assert all(refusal.retry_after_seconds for refusal in refusals if isinstance(refusal, QueueFullError))


def test_who_waits_as_the_hint_says_is_answered(daemon: DaemonProcess) -> None:
    async def ask() -> list[SummaryResult]:
        async with AsyncClient(daemon.address) as client:
            return await asyncio.gather(*start_all(client))

    assert [answer.summary for answer in asyncio.run(ask())] == [
        f"caller {number} speaks" for number in range(CALL_COUNT)
    ]


def test_what_is_refused_leaves_no_memory_behind(daemon: DaemonProcess) -> None:
    process = psutil.Process(daemon.process.pid)

    async def flood() -> None:
        async with AsyncClient(daemon.address) as first, AsyncClient(daemon.address, retry=NO_RETRY) as client:
            running = first.stream("pause a b")
            await anext(running)
            waiting = [first.stream("pause a b") for _ in range(QUEUE_LIMIT)]
            for each in waiting:
                await anext(each)
            texts = ["a" * size for size in (3_000_000, 250_000) for _ in range(100)]
            refusals = await asyncio.gather(*map(client.summarize, texts), return_exceptions=True)
            assert {type(refusal) for refusal in refusals} <= {TextError, QueueFullError}
            (daemon.directory / "go").touch()
            for each in (running, *waiting):
                assert isinstance([event async for event in each][-1], Result)

    before_bytes = process.memory_info().rss
    asyncio.run(flood())
    end_seconds = time.monotonic() + READY_SECONDS
    while process.memory_info().rss > before_bytes + 20_000_000:
        assert time.monotonic() < end_seconds
        time.sleep(0.1)
