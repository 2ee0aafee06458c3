"""How this package connects."""

from __future__ import annotations

import os

from briefd.address import Address, UnixAddress, default_address, parse_address

# A daemon on this device that is restarted must be found again at once: gRPC's own defaults wait up to two minutes.
_OPTIONS: tuple[tuple[str, str | int], ...] = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 3000),  # and how long one attempt to connect may take
    ("grpc.max_reconnect_backoff_ms", 2000),
    ("grpc.enable_http_proxy", 0),  # texts go to the daemon that was named and to nobody else
    # The calling thread reads the stream itself, which saves two switches of threads an event; `grpc.aio` and versions
    # of gRPC without this experiment pass over the name.
    ("SingleThreadedUnaryStream", 1),
)
# Some versions send the percent-encoded path of the socket as authority, which servers refuse.
_UNIX_OPTIONS = (("grpc.default_authority", "localhost"),)


def resolve_address(address: str | None) -> Address:
    """Read an address; `None` means where the daemon listens by default for this user (`briefd.address`).

    Raises:
        briefd.address.AddressError: it is neither `unix:PATH` nor `HOST:PORT`.
    """
    return parse_address(default_address(os.environ) if address is None else address)


def channel_options(address: Address) -> tuple[tuple[str, str | int], ...]:
    """Return gRPC's options for a channel to `address`."""
    return _OPTIONS + _UNIX_OPTIONS if isinstance(address, UnixAddress) else _OPTIONS
