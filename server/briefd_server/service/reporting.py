"""The `Health` call: how the daemon is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from briefd.v1 import briefd_pb2
from briefd_server.engines.base import MAX_WORD_COUNT, MIN_WORD_COUNT
from briefd_server.metering import device
from briefd_server.service.messages import bundle_message, duration, latency_message, totals_message
from briefd_server.service.status import guarded

if TYPE_CHECKING:
    from briefd_server.metering.memory import MemoryProbe
    from briefd_server.metering.totals import Ledger
    from briefd_server.service.served import Served
    from briefd_server.service.status import Context


class Reporting:
    """Serves `Health`, without a queue."""

    def __init__(self, served: Served, version: str, memory: MemoryProbe, ledger: Ledger) -> None:
        self._served = served
        self._version = version
        self._start_seconds = time.monotonic() - (device.process_age_seconds() or 0.0)
        self._memory = memory
        self._ledger = ledger
        self._ready_at: Timestamp | None = None

    def ready(self) -> None:
        """Note that calls are served from now on."""
        self._ready_at = Timestamp()
        self._ready_at.GetCurrentTime()

    def switch(self, served: Served) -> None:
        """Tell of another set from now on."""
        self._served = served

    async def health(self, data: bytes, context: Context) -> briefd_pb2.HealthResponse:  # noqa: ARG002 - it says nothing
        """Serve one call."""
        return await guarded(self._report(), context, "health", lambda outcome: None)  # noqa: ARG005 - not counted

    async def _report(self) -> briefd_pb2.HealthResponse:
        served = self._served
        is_serving = self._ready_at is not None and not served.admission.is_closed
        figures = self._ledger.latency.figures()
        return briefd_pb2.HealthResponse(
            status=briefd_pb2.SERVING_STATUS_SERVING if is_serving else briefd_pb2.SERVING_STATUS_NOT_SERVING,
            version=self._version,
            ready_at=self._ready_at,
            uptime=duration(time.monotonic() - self._start_seconds),
            bundle=bundle_message(served.bundle, served.forms),
            limits=self._limits(),
            running_call_count=served.admission.running_count,
            queued_call_count=served.admission.queued_count,
            totals=totals_message(self._ledger.totals),
            latency=latency_message(figures) if figures else None,
            thread_count=device.thread_count(),
            model_threads=served.model_threads,
            rss_bytes=self._memory.rss_bytes(),
            load_1m=device.load_1m(),
            temperature_celsius=device.temperature_celsius(),
        )

    def _limits(self) -> briefd_pb2.Limits:
        return briefd_pb2.Limits(
            max_text_bytes=self._served.max_text_bytes,
            min_word_count=MIN_WORD_COUNT,
            max_word_count=MAX_WORD_COUNT,
            max_queued_call_count=self._served.queue_limit,
            worker_count=len(self._served.workers),
        )
