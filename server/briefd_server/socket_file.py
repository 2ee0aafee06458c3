"""A Unix socket's file: owned by one daemon at a time, put into place as a whole, and never taken from anyone else."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from briefd.address import MAX_PATH_BYTES, UnixAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOGGER = logging.getLogger(__name__)
_SOCKET_MODE = 0o660


class SocketFile:
    """The socket file at a path, for as long as its lock is held. Every method may raise `OSError`.

    gRPC removes the file that it bound, by name, when its server ends: by then the name may be a successor's. So a
    socket is bound under another name and linked to its own, which only this class removes.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = _open_lock(f"{path}.lock")
        self._inode: tuple[int, int] | None = None

    def __enter__(self) -> SocketFile:
        return self

    def __exit__(self, *exception: object) -> None:
        # The lock file stays: removing it would let two daemons lock two files of one name.
        with suppress(OSError):
            if self._inode is not None and self._inode == _inode_of(self._path):
                os.unlink(self._path)
        os.close(self._lock)

    @property
    def is_missing(self) -> bool:
        """Whether the file was removed since it was bound."""
        return self._inode is not None and _inode_of(self._path) is None

    def clear_stale(self) -> None:
        """Remove the socket that a crash left.

        Raises:
            OSError: something listens there, or what is there is no socket.

        """
        inode = _inode_of(self._path)
        if inode is None:
            return
        _check_stale(self._path)
        _LOGGER.info("removing the stale socket %s", self._path)
        if inode == _inode_of(self._path):
            os.unlink(self._path)

    def bind(self, bind: Callable[[str], object]) -> None:
        """Have `bind` bind a gRPC target, and put the socket into its place; nothing may be there."""
        directory, _ = os.path.split(self._path)
        name = f".{secrets.token_hex(4)}"
        with _reachable(directory, name) as reached:
            with _umask(0o777 & ~_SOCKET_MODE):
                bind(UnixAddress(reached).target)
            bound = os.path.join(directory, name)
            try:
                self._inode = _inode_of(bound)
                os.link(bound, self._path, follow_symlinks=False)
            finally:
                with suppress(FileNotFoundError):
                    os.unlink(bound)


def _open_lock(path: str) -> int:
    """Open and lock a file that is empty, or is made: any other is somebody's data."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    # With O_EXCL: of a file that is there, the kernel refuses O_CREAT to all but its owner in directories like /tmp.
    with suppress(FileExistsError):
        os.close(os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600))
    descriptor = os.open(path, flags)
    try:
        _lock(descriptor, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _lock(descriptor: int, path: str) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size:
        raise FileExistsError(errno.EEXIST, "a file that is no lock of briefd is there", path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(errno.EADDRINUSE, "another briefd listens there") from None


def _check_stale(path: str) -> None:
    """Raise unless `path` is a socket that nothing listens on.

    Only a refused connection says so: a socket of another type and one whose backlog is full are somebody's.
    """
    if not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise FileExistsError(errno.EEXIST, "a file that is no socket is there", path)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0)
        number = probe.connect_ex(path)
    if number == errno.EACCES:
        raise PermissionError(number, os.strerror(number), path)
    if number not in {errno.ECONNREFUSED, errno.ENOENT}:
        raise OSError(errno.EADDRINUSE, "another program listens there")


def _inode_of(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


@contextmanager
def _reachable(directory: str, name: str) -> Iterator[str]:
    """Give a path of a file in a directory, through `/proc` where its own is too long for a socket."""
    path = os.path.join(directory, name)
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield path
        return
    descriptor = os.open(directory or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    """Have the socket file made with its mode, so that it never has another."""
    previous = os.umask(mask)
    try:
        yield
    finally:
        os.umask(previous)
