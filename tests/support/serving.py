"""Daemons for tests: on this process's loop, or as a process of their own."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from bundle_factory import make_bundle
from fake_engine import FakeLoader
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from briefd.address import parse_address
from briefd.v1 import briefd_pb2, briefd_pb2_grpc
from briefd_server.bundle import read_bundle
from briefd_server.config import load_config
from briefd_server.daemon import Daemon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

    from briefd_server.bundle import VariantEntry

ROOTS = ("proto", "server", "client", "tests/support")
REPOSITORY = Path(__file__).parent.parent.parent
READY_SECONDS = 30.0
CHANNEL_OPTIONS = [("grpc.default_authority", "localhost"), ("grpc.use_local_subchannel_pool", 1)]


@contextmanager
def short_directory() -> Iterator[Path]:
    """Make a directory whose path is short enough for a socket in it, which pytest's own is not."""
    directory = tempfile.mkdtemp(prefix="briefd-")
    try:
        yield Path(directory)
    finally:
        shutil.rmtree(directory)


@dataclass
class Served:
    """A daemon on this loop, and a client of it."""

    daemon: Daemon
    engines: FakeLoader
    address: str
    channel: grpc.aio.Channel
    stub: briefd_pb2_grpc.SummarizerServiceAsyncStub
    life: asyncio.Task[bool]

    @property
    def engine(self):
        return self.engines.engines[0]

    def call(self, text: str = "one two three", timeout: float | None = 20, **fields: object):
        return self.stub.Summarize(briefd_pb2.SummarizeRequest(text=text, **fields), timeout=timeout)

    async def events(self, text: str = "one two three", **fields: object) -> list[briefd_pb2.SummarizeResponse]:
        return [event async for event in self.call(text, **fields)]

    async def health(self) -> briefd_pb2.HealthResponse:
        return await self.stub.Health(briefd_pb2.HealthRequest(), timeout=20)

    async def until(self, condition) -> briefd_pb2.HealthResponse:
        """Ask for health until it is as wanted."""
        while not condition(health := await self.health()):
            await asyncio.sleep(0.005)
        return health

    async def started(self, engine_number: int = 0) -> None:
        """Wait until the engine works on a call."""
        while not self.engines.engines[engine_number].started.is_set():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(variants: Mapping[str, VariantEntry] | None = None, **settings: object) -> AsyncIterator[Served]:
    """Serve a small bundle with fake engines on a Unix socket, with the settings given as the command line would.

    `variants` take the place of the bundle's `optimized` and `baseline`.
    """
    with short_directory() as directory:
        bundle = read_bundle(make_bundle(directory / "bundle", **({"variants": variants} if variants else {})))
        address = f"unix:{directory}/s"
        engines = FakeLoader()
        daemon = Daemon(load_config(None, {}, {"listen": (address,), **settings}), bundle, engines)
        life = asyncio.create_task(daemon.run())
        try:
            async with grpc.aio.insecure_channel(parse_address(address).target, CHANNEL_OPTIONS) as channel:
                await asyncio.wait_for(channel.channel_ready(), READY_SECONDS)
                stub = briefd_pb2_grpc.SummarizerServiceStub(channel)
                yield Served(daemon, engines, address, channel, stub, life)
        finally:
            for engine in engines.engines:
                engine.released.set()
            life.cancel()
            with suppress(asyncio.CancelledError):
                await life


@dataclass
class DaemonProcess:
    """A daemon as a process of its own; `directory` is its current one, `start_log` what it said until it served."""

    directory: Path
    process: subprocess.Popen[str]
    start_log: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"unix:{self.directory}/s"

    @property
    def tcp_address(self) -> str:
        """Where a daemon listens that was told to on 127.0.0.1."""
        return re.findall(r"127\.0\.0\.1:\d+", self.start_log[-1])[0]

    def channel(self) -> grpc.Channel:
        return grpc.insecure_channel(parse_address(self.address).target, CHANNEL_OPTIONS)

    def wait_ready(self) -> str:
        """Wait for the line that says where it serves, and return it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.start_log.append(line)
            if "serving bundle" in line:
                return line
        raise AssertionError("the daemon ended before it served")

    def stop(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 20) -> tuple[int, str]:
        """Wait for its end; returns the exit code and the rest of its log."""
        _, log = self.process.communicate(timeout=seconds)
        return self.process.returncode, log


@contextmanager
def daemon_process(
    *arguments: str | bytes, environ: dict[str, str] | None = None, listen: bool = True, stderr: int = subprocess.PIPE
) -> Iterator[DaemonProcess]:
    """Start `briefd serve` with fake engines; killed in the end, should it still be there."""
    with short_directory() as directory:
        make_bundle(directory / "bundle")
        command = [sys.executable, str(REPOSITORY / "tests/support/daemon_process.py"), "serve", "--bundle", "./bundle"]
        listening = ["--listen", f"unix:{directory}/s"] if listen else []
        with _running([*command, *listening, *arguments], directory, environ or {}, stderr) as daemon:
            yield daemon


@contextmanager
def default_daemon(*arguments: str, environ: dict[str, str] | None = None) -> Iterator[DaemonProcess]:
    """Start `briefd serve` as it is installed, with the default bundle, and wait until it serves."""
    with short_directory() as directory:
        command = [Path(sys.executable).with_name("briefd"), "serve", "--listen", f"unix:{directory}/s", *arguments]
        # Bundles in the user's home would go before the one that is installed.
        with _running(command, directory, {"HOME": str(directory), **(environ or {})}) as daemon:
            daemon.wait_ready()
            yield daemon


@contextmanager
def _running(
    command: Sequence[str | bytes | Path], directory: Path, environ: dict[str, str], stderr: int = subprocess.PIPE
) -> Iterator[DaemonProcess]:
    process = subprocess.Popen(command, cwd=directory, env={**python_environ(), **environ}, stderr=stderr, text=True)
    try:
        yield DaemonProcess(directory, process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def python_environ() -> dict[str, str]:
    """Give the environment of a Python process that finds the packages, and no setting of the user's."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BRIEFD_", "XDG_"))},
        "PYTHONPATH": os.pathsep.join(str(REPOSITORY / root) for root in ROOTS),
    }


def brief(daemon: DaemonProcess, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the installed command against a daemon."""
    command = Path(sys.executable).with_name("brief")
    environ = {**python_environ(), "BRIEFD_ADDRESS": daemon.address}
    return subprocess.run([command, *words], input=stdin, env=environ, capture_output=True, text=True, check=False)


def reason_of(error: grpc.RpcError) -> str:
    """Read the machine-readable reason of a status."""
    return _detail(error, error_details_pb2.ErrorInfo()).reason


def metadata_of(error: grpc.RpcError) -> dict[str, str]:
    """Read what a status tells programs beside its reason."""
    return dict(_detail(error, error_details_pb2.ErrorInfo()).metadata)


def retry_seconds_of(error: grpc.RpcError) -> float:
    """Read the retry hint of a status."""
    return _detail(error, error_details_pb2.RetryInfo()).retry_delay.ToTimedelta().total_seconds()


def _detail(error: grpc.RpcError, kind):
    status = rpc_status.from_call(error)
    assert status is not None, "the status has no details"
    detail = next(detail for detail in status.details if detail.Is(kind.DESCRIPTOR))
    detail.Unpack(kind)
    return kind
