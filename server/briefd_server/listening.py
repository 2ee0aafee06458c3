"""Listening: socket files that two daemons never take from each other, and ports that are really free."""

from __future__ import annotations

import errno
import logging
import os
import pwd
import socket
from contextlib import ExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from briefd.address import Address, TcpAddress, UnixAddress
from briefd_server.errors import ListenError
from briefd_server.socket_file import SocketFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LOGGER = logging.getLogger(__name__)


class Listeners:
    """The addresses that a daemon listens on; `bind` has a server listen on a gRPC target of an address.

    It returns the port, and is called again for an address whose socket file was removed. Used as a context: leaving it
    removes the socket files and lets the next daemon in.
    """

    def __init__(self, bind: Callable[[Address, str], int]) -> None:
        self._bind = bind
        self._held = ExitStack()
        self._files: dict[UnixAddress, SocketFile] = {}
        self._failures: dict[UnixAddress, str] = {}

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

    def restore(self) -> list[Address]:
        """Bind every socket again whose file was removed, since no new client finds it; returns those that were bound.

        What fails is logged, once for as long as it fails alike.
        """
        return [address for address, file in self._files.items() if self._restore(address, file)]

    def _restore(self, address: UnixAddress, file: SocketFile) -> bool:
        try:
            if is_missing := file.is_missing:
                self._listen(address)
                _LOGGER.warning("the socket %s was removed; listening there again", address)
            self._failures.pop(address, None)
        except (ListenError, OSError) as error:
            if self._failures.get(address) != str(error):
                self._failures[address] = str(error)
                _LOGGER.error("the socket %s was removed: %s", address, error)  # noqa: TRY400 - one line says all
            return False
        return is_missing

    def _claim(self, address: Address) -> None:
        try:
            if isinstance(address, UnixAddress):
                file = self._files[address] = self._held.enter_context(SocketFile(address.path))
                file.clear_stale()
            else:
                _check_free(address)
        except OSError as error:
            raise ListenError(f"cannot listen on {address}: {_advice(error)}") from None

    def _listen(self, address: Address) -> Address:
        try:
            if isinstance(address, UnixAddress):
                self._files[address].bind(partial(self._bind, address))
                return address
            return TcpAddress(address.host, self._bind(address, address.target))
        except OSError as error:
            raise ListenError(f"cannot listen on {address}: {_advice(error)}") from None
        except RuntimeError:
            raise ListenError(f"cannot listen on {address}: gRPC refused it; choose another address") from None


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
        errno.EEXIST: "choose another path with --listen unix:PATH, or remove it",
        errno.EACCES: "this user may not; choose another address with --listen",
        errno.EADDRNOTAVAIL: "give an address of this machine",
    }.get(error.errno or 0, "choose another address with --listen")
    return f"{error.strerror}{_place_of(error)}; {advice}"


def _place_of(error: OSError) -> str:
    """Name the file of a failure and whose it is: the lock beside a socket is easily overlooked."""
    if not isinstance(error.filename, str):
        return ""
    try:
        owner = os.lstat(error.filename).st_uid
    except OSError:
        return f": {error.filename}"
    with suppress(KeyError):
        return f": {error.filename} of the user {pwd.getpwuid(owner).pw_name}"
    return f": {error.filename} of the user {owner}"
