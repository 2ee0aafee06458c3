"""Listening: socket files that two daemons never take from each other, and ports that are really free."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import stat
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from briefd.address import Address, TcpAddress, UnixAddress
from briefd_server.errors import ListenError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOGGER = logging.getLogger(__name__)
_SOCKET_MODE = 0o660


class Listeners:
    """The addresses that a server listens on; `bind` is the server's own, from a target to a port.

    Used as a context: leaving it removes the socket files and lets the next daemon in.
    """

    def __init__(self, bind: Callable[[str], int]) -> None:
        self._bind = bind
        self._held = ExitStack()

    def __enter__(self) -> Listeners:
        return self

    def __exit__(self, *exception: object) -> None:
        self._held.close()

    def listen(self, addresses: Sequence[Address]) -> list[Address]:
        """Bind every address, once each was found free; returns them with the ports that the system chose.

        Raises:
            ListenError: an address is in use or cannot be listened on.

        """
        for address in addresses:
            self._claim(address)
        return [self._listen(address) for address in addresses]

    def _claim(self, address: Address) -> None:
        try:
            if isinstance(address, UnixAddress):
                self._held.enter_context(_socket_file(address.path))
            else:
                _check_free(address)
        except OSError as error:
            raise ListenError(f"cannot listen on {address}: {_advice(error)}") from None

    def _listen(self, address: Address) -> Address:
        try:
            with _umask(0o777 & ~_SOCKET_MODE):
                port = self._bind(address.target)
        except RuntimeError:
            raise ListenError(f"cannot listen on {address}: gRPC refused it; choose another address") from None
        return TcpAddress(address.host, port) if isinstance(address, TcpAddress) else address


@contextmanager
def _socket_file(path: str) -> Iterator[None]:
    """Own a socket file: hold its lock, clear away what a crash left, and remove it in the end.

    The lock file stays: removing it would let two daemons lock two files of one name.
    """
    with open(f"{path}.lock", "w", opener=_private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OSError(errno.EADDRINUSE, "another briefd listens there") from None
        _clear_stale(path)
        try:
            yield
        finally:
            with suppress(FileNotFoundError):
                os.unlink(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _clear_stale(path: str) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FileExistsError(errno.EEXIST, "a file that is no socket is there")
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(path) == 0:
            raise OSError(errno.EADDRINUSE, "another program listens there")
    _LOGGER.info("removing the stale socket %s", path)
    os.unlink(path)


def _check_free(address: TcpAddress) -> None:
    """Bind and close every address of the host: gRPC is content with one of them, and does not say what failed.

    An address that this machine lacks (`localhost` without IPv6) is passed over, unless it is the only one.
    """
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    missing = [error for family, _, _, _, where in found if (error := _try_bind(family, where))]
    if len(missing) == len(found):
        raise missing[0]


def _try_bind(family: int, where: Any) -> OSError | None:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(where)
    except OSError as error:
        if error.errno not in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
            raise
        return error
    return None


def _advice(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the host is not known ({error.strerror}); give an address of this machine"
    advice = {
        errno.EADDRINUSE: "stop the program that listens there or choose another address with --listen",
        errno.ENOENT: "create its directory or choose another path with --listen unix:PATH",
        errno.ENOTDIR: "choose another path with --listen unix:PATH",
        errno.EEXIST: "remove it or choose another path with --listen unix:PATH",
        errno.EACCES: "this user may not; choose another address with --listen",
        errno.EADDRNOTAVAIL: "give an address of this machine",
    }.get(error.errno or 0, "choose another address with --listen")
    return f"{error.strerror}; {advice}"


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    """Have the socket file made with its mode, so that it never has another."""
    previous = os.umask(mask)
    try:
        yield
    finally:
        os.umask(previous)
