"""Listening: locks, stale sockets and free ports, with plain sockets in gRPC's place."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serving import short_directory

from briefd.address import MAX_PATH_BYTES, Address, TcpAddress, UnixAddress
from briefd_server.errors import ListenError
from briefd_server.listening import Listeners


@pytest.fixture
def directory() -> Iterator[Path]:
    with short_directory() as path:
        yield path


NOBODY = 65534
Bind = Callable[[Address, str], int]


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Bind as gRPC does: a Unix socket, or a port of loopback; answers with the port."""
    opened: list[socket.socket] = []

    def bind(address: Address, target: str) -> int:
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


def test_a_socket_has_its_mode_and_goes_away_with_its_daemon(directory: Path, bind: Bind) -> None:
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


def test_two_daemons_never_share_a_socket(directory: Path, bind: Bind) -> None:
    address = UnixAddress(str(directory / "s"))
    with Listeners(bind) as first, Listeners(bind) as second:
        first.listen([address])
        with pytest.raises(ListenError, match="another briefd listens there; stop"):
            second.listen([address])
        assert (directory / "s").exists()
    with Listeners(bind) as third:
        third.listen([address])


def test_a_stale_socket_is_replaced(directory: Path, bind: Bind) -> None:
    with socket.socket(socket.AF_UNIX) as crashed:
        crashed.bind(str(directory / "s"))
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(directory / "s"))])
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(directory / "s"))


def test_another_programs_socket_is_left_alone(directory: Path, bind: Bind) -> None:
    with socket.socket(socket.AF_UNIX) as other, Listeners(bind) as listeners:
        other.bind(str(directory / "s"))
        other.listen()
        with pytest.raises(ListenError, match="another program listens there"):
            listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "s").exists()


@pytest.mark.parametrize("make", [Path.touch, Path.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_what_is_no_socket_is_left_alone(directory: Path, bind: Bind, make: Callable[[Path], None]) -> None:
    make(directory / "s")
    with Listeners(bind) as listeners, pytest.raises(ListenError, match=r"no socket is there.* or remove it"):
        listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "s").is_symlink() or (directory / "s").exists()


def test_a_lock_that_is_a_link_is_not_followed(directory: Path, bind: Bind) -> None:
    (directory / "precious").write_text("data")
    (directory / "s.lock").symlink_to("precious")
    with Listeners(bind) as listeners, pytest.raises(ListenError):
        listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "precious").read_text() == "data"


def test_a_missing_directory_is_said_so(directory: Path, bind: Bind) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="create its directory"):
        listeners.listen([UnixAddress(str(directory / "no" / "s"))])


def test_the_system_chooses_a_port(bind: Bind) -> None:
    with Listeners(bind) as listeners:
        (address,) = listeners.listen([TcpAddress("127.0.0.1", 0)])
        assert isinstance(address, TcpAddress)
        assert address.port > 0


def test_a_port_in_use_is_refused(bind: Bind) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, Listeners(bind) as listeners:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(ListenError, match="Address already in use; stop the program"):
                listeners.listen([TcpAddress(host, taken.getsockname()[1])])


def test_an_address_of_another_machine_is_refused(bind: Bind) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="give an address of this machine"):
        listeners.listen([TcpAddress("192.0.2.1", 0)])


def test_a_failure_gives_back_what_was_bound(directory: Path, bind: Bind) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError):
        listeners.listen([UnixAddress(str(directory / "s")), UnixAddress(str(directory / "no" / "s"))])
    assert not (directory / "s").exists()


def test_what_grpc_refuses_without_a_reason_is_an_error_too() -> None:
    def refuse(address: Address, target: str) -> int:
        raise RuntimeError("Failed to bind")

    with Listeners(refuse) as listeners, pytest.raises(ListenError, match="choose another address"):
        listeners.listen([TcpAddress("127.0.0.1", 0)])


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def test_only_the_socket_that_was_bound_is_removed(directory: Path, bind: Bind) -> None:
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(directory / "s"))])
        # A successor whose administrator removed the lock as well.
        (directory / "s").unlink()
        (directory / "s.lock").unlink()
        successor = Listeners(bind)
        successor.listen([UnixAddress(str(directory / "s"))])
    with successor:
        assert answers(directory / "s")
    assert not (directory / "s").exists()


def test_a_socket_that_was_removed_is_bound_again(directory: Path, bind: Bind) -> None:
    address = UnixAddress(str(directory / "s"))
    with Listeners(bind) as listeners:
        listeners.listen([address])
        assert listeners.restore() == []
        (directory / "s").unlink()
        assert listeners.restore() == [address]
        assert answers(directory / "s")
        assert stat.S_IMODE((directory / "s").stat().st_mode) == 0o660
        assert listeners.restore() == []
    assert not (directory / "s").exists()


def test_what_took_a_sockets_place_is_left_alone(directory: Path, bind: Bind) -> None:
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(directory / "s"))])
        (directory / "s").unlink()
        (directory / "s").write_text("data")
        assert listeners.restore() == []
    assert (directory / "s").read_text() == "data"


def test_a_socket_that_cannot_be_bound_again_is_logged_once(
    directory: Path, bind: Bind, caplog: pytest.LogCaptureFixture
) -> None:
    folder = directory / "run"
    folder.mkdir()
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(folder / "s"))])
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
        assert [listeners.restore() for _ in range(3)] == [[], [], []]
        assert len(caplog.records) == 1
        folder.mkdir()
        assert listeners.restore() == [UnixAddress(str(folder / "s"))]
        assert answers(folder / "s")


def test_the_longest_path_that_a_socket_can_have_is_listened_on(directory: Path, bind: Bind) -> None:
    path = directory / ("s" * (MAX_PATH_BYTES - len(str(directory)) - 1))
    with Listeners(bind) as listeners:
        listeners.listen([UnixAddress(str(path))])
        assert answers(path)
        assert sorted(each.name for each in directory.iterdir()) == [path.name, f"{path.name}.lock"]


def test_a_users_file_beside_the_socket_is_kept(directory: Path, bind: Bind) -> None:
    (directory / "poetry.lock").write_text("data")
    with Listeners(bind) as listeners, pytest.raises(ListenError, match=r"no lock of briefd .*poetry\.lock"):
        listeners.listen([UnixAddress(str(directory / "poetry"))])
    assert (directory / "poetry.lock").read_text() == "data"


def test_a_fifo_in_the_place_of_the_lock_is_refused_at_once(directory: Path, bind: Bind) -> None:
    os.mkfifo(directory / "s.lock")
    with Listeners(bind) as listeners, pytest.raises(ListenError, match="no lock of briefd"):
        listeners.listen([UnixAddress(str(directory / "s"))])


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_SEQPACKET])
def test_a_live_socket_of_another_type_is_left_alone(directory: Path, bind: Bind, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_UNIX, kind) as other, Listeners(bind) as listeners:
        other.bind(str(directory / "s"))
        with pytest.raises(ListenError, match="another program listens there"):
            listeners.listen([UnixAddress(str(directory / "s"))])
    assert (directory / "s").exists()


def test_a_full_backlog_is_somebodys(directory: Path, bind: Bind) -> None:
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as waiting, Listeners(bind) as listeners:
        other.bind(str(directory / "s"))
        other.listen(0)
        waiting.connect(str(directory / "s"))
        with pytest.raises(ListenError, match="another program listens there"):
            listeners.listen([UnixAddress(str(directory / "s"))])


@pytest.fixture
def unprivileged(directory: Path) -> Iterator[None]:
    """Have a lock that no user but root may open, and give root's rights up."""
    (directory / "s.lock").touch(0)
    directory.chmod(0o777)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    yield
    if is_root:
        os.seteuid(0)


def test_the_lock_of_another_user_is_named(directory: Path, bind: Bind, unprivileged: None) -> None:
    with Listeners(bind) as listeners, pytest.raises(ListenError, match=r"denied: .*s\.lock of the user .*; this user"):
        listeners.listen([UnixAddress(str(directory / "s"))])
