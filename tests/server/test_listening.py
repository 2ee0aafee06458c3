"""Listening: locks, stale sockets and free ports, with plain sockets in gRPC's place."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import short_directory

from briefd.address import TcpAddress, UnixAddress
from briefd_server.errors import ListenError
from briefd_server.listening import Listeners


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as path:
        yield path


@pytest.fixture
def bind() -> Iterator[Callable[[str], int]]:
    """Bind as gRPC does: a Unix socket, or a port of loopback; answers with the port."""
    opened: list[socket.socket] = []

    def bind(target: str) -> int:
        if target.startswith("unix:"):
            opened.append(socket.socket(socket.AF_UNIX))
            opened[-1].bind(target.removeprefix("unix:"))
            opened[-1].listen()
            return 1
        opened.append(socket.create_server(("127.0.0.1", int(target.rpartition(":")[2]))))
        return opened[-1].getsockname()[1]

    yield bind
    for each in opened:
        each.close()


def test_a_socket_has_its_mode_and_goes_away_with_its_daemon(directory: Path, bind: Callable[[str], int]) -> None:
    path = directory / "s"
    umask = os.umask(0o077)
    try:
        with Listeners(bind) as listeners:
            assert listeners.listen([UnixAddress(str(path))]) == [UnixAddress(str(path))]
            assert stat.S_IMODE(path.stat().st_mode) == 0o660
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(umask)
    assert not path.exists()


def test_two_daemons_never_share_a_socket(directory: Path, bind: Callable[[str], int]) -> None:
    address = UnixAddress(str(directory / "s"))
    with Listeners(bind) as first, Listeners(bind) as second:
        first.listen([address])
        with pytest.raises(ListenError, match="another briefd listens there; stop"):
            second.listen([address])
        assert (directory / "s").exists()
    with Listeners(bind) as third:
        third.listen([address])


def test_a_stale_socket_is_replaced(directory: Path, bind: Callable[[str], int]) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(directory / "s"))
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(directory / "s"))])
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(directory / "s"))


def test_another_programs_socket_is_left_alone(directory: Path, bind: Callable[[str], int]) -> None:
    with socket.socket(socket.AF_UNIX) as other, Listeners(bind) as listeners:
        other.bind(str(directory / "s"))
        other.listen()
        with pytest.raises(ListenError, match="another program listens there"):
            listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "s").exists()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_what_is_no_socket_is_left_alone(
    directory: Path, bind: Callable[[str], int], make: Callable[[Path], None]
) -> None:
    make(directory / "s")
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="no socket is there; remove it"):
        listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "s").is_symlink() or (directory / "s").exists()


def test_a_lock_that_is_a_link_is_not_followed(directory: Path, bind: Callable[[str], int]) -> None:
    (directory / "precious").write_text("data")
    (directory / "s.lock").symlink_to("precious")
    with Listeners(bind) as listeners, pytest.raises(ListenError):
        listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "precious").read_text() == "data"


def test_a_missing_directory_is_said_so(directory: Path, bind: Callable[[str], int]) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="create its directory"):
        listeners.listen([UnixAddress(str(directory / "no" / "s"))])


def test_the_system_chooses_a_port(bind: Callable[[str], int]) -> None:
    with Listeners(bind) as listeners:
        (address,) = listeners.listen([TcpAddress("127.0.0.1", 0)])
        assert isinstance(address, TcpAddress)
        assert address.port > 0


def test_a_port_in_use_is_refused(bind: Callable[[str], int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, Listeners(bind) as listeners:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ListenError, match="Address already in use; stop the program"):
                listeners.listen([TcpAddress(host, taken.getsockname()[1])])


def test_an_address_of_another_machine_is_refused(bind: Callable[[str], int]) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="give an address of this machine"):
        listeners.listen([TcpAddress("192.0.2.1", 0)])


def test_a_failure_gives_back_what_was_bound(directory: Path, bind: Callable[[str], int]) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError):
        listeners.listen([UnixAddress(str(directory / "s")), UnixAddress(str(directory / "no" / "s"))])
    assert not (directory / "s").exists()


def test_what_grpc_refuses_without_a_reason_is_an_error_too() -> None:
    def refuse(target: str) -> int:
        raise RuntimeError("Failed to bind")

    with Listeners(refuse) as listeners, pytest.raises(ListenError, match="choose another address"):
        listeners.listen([TcpAddress("127.0.0.1", 0)])
