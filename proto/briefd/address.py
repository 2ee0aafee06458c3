"""Addresses that a daemon listens on and a client calls: `unix:PATH` or `HOST:PORT`, and which one is the default.

Daemon and client share this module, so that both mean the same by an address and by none at all.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the daemon listens as a system service, which has no XDG_RUNTIME_DIR.
SERVICE_ADDRESS = "unix:/run/briefd/briefd.sock"
# The kernel's `sun_path` is 108 bytes with its final NUL.
MAX_PATH_BYTES = 107
_MAX_PORT = 65535


class AddressError(ValueError):
    """An address is not one; the message is one line that states the right form."""


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket by the path of its file."""

    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"

    @property
    def target(self) -> str:
        """What gRPC is given: a URI, in which it would take `%`, `?` and `#` of the path for its own.

        It is made of the path's bytes, which need not be UTF-8.
        """
        return f"unix:{quote(os.fsencode(self.path))}"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A host, as a name or as an IPv4 or IPv6 address without brackets, and a port from 0 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def target(self) -> str:
        """What gRPC is given."""
        return str(self)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it; of names, `localhost` alone is trusted to mean so."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"


Address = UnixAddress | TcpAddress


def parse_address(text: str) -> Address:
    """Read `unix:PATH`, `HOST:PORT` or `[IPV6]:PORT`.

    Raises:
        AddressError: the text is none of these, the path is too long for a socket or the port is out of range.

    """
    if text.startswith("unix:"):
        return _parse_unix(text)
    scheme, is_url, rest = text.partition("://")
    if is_url:
        example = rest.rstrip("/") or "HOST:PORT"
        raise AddressError(f"{text!r} is a URL; write the address without {scheme}://, for example {example}")
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise AddressError(f"{text!r} is no address; write unix:PATH or HOST:PORT")
    return TcpAddress(_parse_host(host, text), _parse_port(port, text))


def default_address(environ: Mapping[str, str]) -> str:
    """Tell where the daemon listens and the client calls when no address is given.

    That is `unix:$XDG_RUNTIME_DIR/briefd.sock` in a user's session, and `SERVICE_ADDRESS` where the variable is not
    set, as in a system service, or is no absolute path, which its specification says to ignore.
    """
    runtime_directory = environ.get("XDG_RUNTIME_DIR", "")
    if not os.path.isabs(runtime_directory):
        return SERVICE_ADDRESS
    return f"unix:{os.path.join(runtime_directory, 'briefd.sock')}"


def _parse_unix(text: str) -> UnixAddress:
    path = text.removeprefix("unix:")
    if not path or "\0" in path or path.endswith("/"):
        raise AddressError(f"{text!r} names no socket file; write unix:PATH, for example {SERVICE_ADDRESS}")
    if len(os.fsencode(path)) > MAX_PATH_BYTES:
        raise AddressError(f"{text!r} is too long for a Unix socket; choose a path of at most {MAX_PATH_BYTES} bytes")
    return UnixAddress(os.path.normpath(path))


def _parse_host(host: str, text: str) -> str:
    if host.startswith("[") and host.endswith("]"):
        try:
            return str(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            raise AddressError(f"{text!r} holds no IPv6 address between its brackets; write [::1]:PORT") from None
    if ":" in host:
        raise AddressError(f"{text!r} is ambiguous; put an IPv6 address into brackets: [{host}]:PORT")
    if not host.isascii() or not all(character.isalnum() or character in "-._" for character in host):
        raise AddressError(f"{text!r} holds no host name; write unix:PATH or HOST:PORT")
    return host


def _parse_port(port: str, text: str) -> int:
    if not port.isascii() or not port.isdecimal() or len(port) > 5 or int(port) > _MAX_PORT:
        raise AddressError(f"{text!r} holds no port; write a number from 0 to {_MAX_PORT} after the last colon")
    return int(port)
