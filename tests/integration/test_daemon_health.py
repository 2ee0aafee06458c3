"""Health, as the contract has it and as `grpc.health.v1` has it, and reflection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import grpc
import psutil
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from serving import Served, serving

from briefd.v1 import briefd_pb2

NAMES = ["", "briefd.v1.SummarizerService"]
SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


def run(scenario: Callable[[Served], Awaitable[None]], **settings: object) -> None:
    async def live() -> None:
        async with serving(**settings) as served:
            await asyncio.wait_for(scenario(served), 30)

    asyncio.run(live())


def test_health_tells_what_is_served_and_what_was_done() -> None:
    async def scenario(served: Served) -> None:
        before = await served.health()
        assert before.status == briefd_pb2.SERVING_STATUS_SERVING
        assert before.version == "0.1.0"
        assert abs(before.ready_at.ToMilliseconds() / 1000 - time.time()) < 30
        assert before.uptime.ToNanoseconds() > 0
        assert before.bundle.name == "tiny-en"
        assert set(before.bundle.variants) == {briefd_pb2.VARIANT_OPTIMIZED, briefd_pb2.VARIANT_BASELINE}
        assert before.limits == briefd_pb2.Limits(
            max_text_bytes=5000, min_word_count=3, max_word_count=60, max_queued_call_count=4, worker_count=2
        )
        assert not before.HasField("latency")
        assert not before.totals.HasField("cpu_seconds")
        for _ in range(3):
            await served.events("one two three four")
        with pytest.raises(grpc.aio.AioRpcError):
            await served.events("")
        after = await served.health()
        assert dict(after.totals.call_count_by_outcome) == {"OK": 3, "INVALID_ARGUMENT": 1}
        assert (after.totals.words_read, after.totals.words_written) == (12, 12)
        assert after.totals.cpu_seconds > 0
        assert after.totals.energy_joules > 0
        assert after.totals.co2e_grams > 0
        assert after.latency.call_count == 3
        assert after.latency.window.seconds == 300
        assert 0 < after.latency.p50.ToNanoseconds() <= after.latency.p95.ToNanoseconds()
        assert after.uptime.ToNanoseconds() > before.uptime.ToNanoseconds()
        assert after.model_threads == 2
        assert after.rss_bytes > 1 << 20
        assert after.HasField("load_1m")

    run(scenario, queue="4", workers="2", max_text_bytes="5000", threads="2")


def test_serves_where_the_kernels_files_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(*_: object) -> None:
        raise FileNotFoundError("/proc/stat")

    # As under systemd's ProcSubset=pid, and where /proc is not there at all.
    for name in ("Process", "virtual_memory", "swap_memory", "sensors_temperatures"):
        monkeypatch.setattr(psutil, name, hidden)

    async def scenario(served: Served) -> None:
        assert (await served.events("a b c"))[-1].result.summary == "a b c"
        health = await served.health()
        assert not health.HasField("thread_count")
        assert not health.HasField("temperature_celsius")

    run(scenario)


def test_health_counts_calls_that_run_and_wait() -> None:
    async def scenario(served: Served) -> None:
        calls = [served.call("hold a b") for _ in range(3)]
        for call in calls:
            await call.read()
        health = await served.health()
        assert (health.running_call_count, health.queued_call_count) == (1, 2)

    run(scenario)


def test_the_standard_service_knows_both_names() -> None:
    async def scenario(served: Served) -> None:
        stub = health_pb2_grpc.HealthStub(served.channel)
        for name in NAMES:
            assert (await stub.Check(health_pb2.HealthCheckRequest(service=name))).status == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await stub.Check(health_pb2.HealthCheckRequest(service="other"))
        assert refusal.value.code() is grpc.StatusCode.NOT_FOUND
        unknown = stub.Watch(health_pb2.HealthCheckRequest(service="other"))
        assert (await unknown.read()).status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN

    run(scenario)


def test_every_watcher_hears_of_the_end_even_after_another_left() -> None:
    async def scenario(served: Served) -> None:
        stub = health_pb2_grpc.HealthStub(served.channel)
        watchers = [stub.Watch(health_pb2.HealthCheckRequest(service=name)) for name in (*NAMES, *NAMES)]
        for watcher in watchers:
            assert (await watcher.read()).status == SERVING
        watchers.pop().cancel()
        held = served.call("hold a b")
        await served.started()
        drain = asyncio.create_task(served.daemon._drain())
        for watcher in watchers:
            assert (await watcher.read()).status == NOT_SERVING
        health = await served.health()
        assert health.status == briefd_pb2.SERVING_STATUS_NOT_SERVING
        served.engine.released.set()
        await drain
        assert [event async for event in held][-1].HasField("result")

    run(scenario)


def test_reflection_lists_the_services() -> None:
    async def scenario(served: Served) -> None:
        stub = reflection_pb2_grpc.ServerReflectionStub(served.channel)
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
        names = {service.name for service in (await call.read()).list_services_response.service}
        assert names >= {"briefd.v1.SummarizerService", "grpc.health.v1.Health"}

    run(scenario)
