"""The `Health` call: how the daemon is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from briefd.v1 import briefd_pb2
from briefd_server.engines.base import MAX_WORD_COUNT, MIN_WORD_COUNT
from briefd_server.metering import device
from briefd_server.service.messages import bundle_message, duration, latency_message, totals_message
from briefd_server.service.status import guarded

if TYPE_CHECKING:
    from briefd_server.admission import Admission
    from briefd_server.bundle import Bundle
    from briefd_server.forms import Forms
    from briefd_server.metering.memory import MemoryProbe
    from briefd_server.metering.totals import Ledger
    from briefd_server.service.status import Context
    from briefd_server.worker import Worker


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not change while the daemon serves; `start_seconds` is the process's start on the monotonic clock."""

    version: str
    start_seconds: float
    bundle: Bundle
    forms: Forms
    max_text_bytes: int
    queue_limit: int
    worker_count: int
    model_threads: int


class Reporting:
    """Serves `Health`, without a queue."""

    def __init__(self, facts: Facts, admission: Admission[Worker], memory: MemoryProbe, ledger: Ledger) -> None:
        self._facts = facts
        self._admission = admission
        self._memory = memory
        self._ledger = ledger
        self._ready_at: Timestamp | None = None

    def ready(self) -> None:
        """Note that calls are served from now on."""
        self._ready_at = Timestamp()
        self._ready_at.GetCurrentTime()

    async def health(self, data: bytes, context: Context) -> briefd_pb2.HealthResponse:  # noqa: ARG002 - it says nothing
        """Serve one call."""
        return await guarded(self._report(), context, "health", lambda outcome: None)  # noqa: ARG005 - not counted

    async def _report(self) -> briefd_pb2.HealthResponse:
        facts = self._facts
        is_serving = self._ready_at is not None and not self._admission.is_closed
        figures = self._ledger.latency.figures()
        return briefd_pb2.HealthResponse(
            status=briefd_pb2.SERVING_STATUS_SERVING if is_serving else briefd_pb2.SERVING_STATUS_NOT_SERVING,
            version=facts.version,
            ready_at=self._ready_at,
            uptime=duration(time.monotonic() - facts.start_seconds),
            bundle=bundle_message(facts.bundle, facts.forms),
            limits=self._limits(),
            running_call_count=self._admission.running_count,
            queued_call_count=self._admission.queued_count,
            totals=totals_message(self._ledger.totals),
            latency=latency_message(figures) if figures else None,
            thread_count=device.thread_count(),
            model_threads=facts.model_threads,
            rss_bytes=self._memory.rss_bytes(),
            load_1m=device.load_1m(),
            temperature_celsius=device.temperature_celsius(),
        )

    def _limits(self) -> briefd_pb2.Limits:
        return briefd_pb2.Limits(
            max_text_bytes=self._facts.max_text_bytes,
            min_word_count=MIN_WORD_COUNT,
            max_word_count=MAX_WORD_COUNT,
            max_queued_call_count=self._facts.queue_limit,
            worker_count=self._facts.worker_count,
        )
