"""The standard `grpc.health.v1`: Check and Watch.

grpcio-health-checking has a servicer of its own. It forgets every other watcher of a service when one of them leaves,
so that those never hear of a shutdown; and its watchers never end, so that they hold one up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    Context = grpc.aio.ServicerContext[health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse]

_Status = health_pb2.HealthCheckResponse


class StandardHealth(health_pb2_grpc.HealthServicer):  # type: ignore[misc] # published without types
    """Tells one status for all of `services`: they are up or down together."""

    def __init__(self, services: Collection[str]) -> None:
        self._services = services
        self._status = _Status.NOT_SERVING
        self._is_closed = False
        self._changed = asyncio.Event()

    def set_serving(self, *, is_serving: bool) -> None:
        """Tell everyone, watchers included, whether calls are served."""
        self._status = _Status.SERVING if is_serving else _Status.NOT_SERVING
        self._announce()

    def close(self) -> None:
        """End the watchers' calls."""
        self._is_closed = True
        self._announce()

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Context) -> health_pb2.HealthCheckResponse:  # noqa: N802
        """Tell the status of now."""
        if request.service not in self._services:
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service here; ask for '' or a service of briefd")
        return _Status(status=self._status)

    async def Watch(  # noqa: N802
        self,
        request: health_pb2.HealthCheckRequest,
        context: Context,  # noqa: ARG002
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        """Tell the status of now and every change."""
        last_status = None
        while not self._is_closed:
            changed = self._changed
            status = self._status if request.service in self._services else _Status.SERVICE_UNKNOWN
            if status != last_status:
                last_status = status
                yield _Status(status=status)
            else:
                await changed.wait()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
