"""The gRPC server: its options, and what it serves."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from briefd.v1 import briefd_pb2
from briefd_server.service.methods import METHODS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from briefd.address import Address
    from briefd_server.service.reporting import Reporting
    from briefd_server.service.serving import Serving
    from briefd_server.service.standard_health import StandardHealth

SERVICE_NAME = briefd_pb2.DESCRIPTOR.services_by_name["SummarizerService"].full_name
_HEALTH_NAME = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
# What a message may be larger than the largest text. Texts above our limit but within this get our refusal, which says
# the limit; larger ones gRPC refuses before it has taken them in.
_MESSAGE_MARGIN_BYTES = 64 << 10
# More than a device's clients are, and some ten megabytes of memory.
_MOST_CONNECTIONS = 1000
# What the daemon itself opens, with a reload's bundle, and as much again.
_OWN_DESCRIPTORS = 64
# How long a connection may say nothing at all, and how long one without a call is kept: clients connect again unseen.
_HANDSHAKE_MS = 5_000
_IDLE_MS = 120_000


class Servers:
    """One gRPC server an address, so that an address can be bound again while the others go on; `make` makes one."""

    def __init__(self, make: Callable[[], grpc.aio.Server]) -> None:
        self._make = make
        self._bound: dict[Address, grpc.aio.Server] = {}
        self._serving: dict[Address, grpc.aio.Server] = {}
        self._retiring: set[asyncio.Task[None]] = set()

    def bind(self, address: Address, target: str) -> int:
        """Have a new server listen on a target, for an address; returns the port.

        Raises:
            RuntimeError: gRPC cannot.

        """
        self._bound[address] = server = self._make()
        return server.add_insecure_port(target)

    async def start(self, addresses: Iterable[Address], grace_seconds: float) -> None:
        """Serve on addresses that were bound; calls of the servers that did so before have `grace_seconds` to end."""
        for address in addresses:
            server = self._bound.pop(address)
            await server.start()
            if previous := self._serving.get(address):
                retiring = asyncio.create_task(previous.stop(grace_seconds))
                self._retiring.add(retiring)
                retiring.add_done_callback(self._retiring.discard)
            self._serving[address] = server

    async def stop(self, grace_seconds: float) -> None:
        """Stop them all; calls have `grace_seconds` to end."""
        for retiring in self._retiring:
            retiring.cancel()
        servers = [*self._serving.values(), *self._bound.values()]
        await asyncio.gather(*(server.stop(grace_seconds) for server in servers))


def most_connections(address_count: int, descriptor_limit: int) -> int:
    """Tell how many connections an address may have, so that they never take all of the process's descriptors.

    Every address has its share: a crowd at one of them keeps nobody from another.
    """
    return min(_MOST_CONNECTIONS, max(1, (descriptor_limit - _OWN_DESCRIPTORS) // address_count))


def make_server(max_text_bytes: int, connection_limit: int) -> grpc.aio.Server:
    """Make a server that does not listen yet.

    The streams of a connection are not bounded here (`grpc.max_concurrent_streams`): a client that has not read the
    bound yet has its calls refused by gRPC, without our status and hint. Whom there is no room for, admission tells.
    """
    return grpc.aio.server(
        options=[
            # A port that another process listens on is an error, not something to share.
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", max_text_bytes + _MESSAGE_MARGIN_BYTES),
            ("grpc.max_allowed_incoming_connections", connection_limit),
            ("grpc.server_handshake_timeout_ms", _HANDSHAKE_MS),
            ("grpc.max_connection_idle_ms", _IDLE_MS),
            # Clients may keep idle connections alive with a ping every ten seconds; gRPC's default of five minutes
            # would cut them off.
            ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ]
    )


def add_services(
    server: grpc.aio.Server, serving: Serving, reporting: Reporting, standard_health: StandardHealth
) -> None:
    """Serve our service, the standard health service and reflection.

    Requests of our service are left as bytes, so that malformed ones are refused in our words. Those that ask the model
    are read by `serving`: to gRPC they look like streams, of which it takes one message.
    """
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        method.name: grpc.stream_stream_rpc_method_handler(
            partial(serving.serve, method), response_serializer=method.response.SerializeToString
        )
        for method in METHODS
    }
    handlers["Health"] = grpc.unary_unary_rpc_method_handler(
        reporting.health, response_serializer=briefd_pb2.HealthResponse.SerializeToString
    )
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))
    health_pb2_grpc.add_HealthServicer_to_server(standard_health, server)
    reflection.enable_server_reflection((SERVICE_NAME, _HEALTH_NAME, reflection.SERVICE_NAME), server)
