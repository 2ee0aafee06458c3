"""A process that does what it is told: the parent's side, `Process`, and what runs inside, `_serve`.

Processes are spawned, not forked: none inherits another's libraries, threads or memory.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from briefd_build.bench.contender import AbsentError, Generation, first_line
from briefd_server.metering.memory import MemoryProbe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from briefd_build.bench.contender import Contender, Row

_SPAWN = multiprocessing.get_context("spawn")
PROCESS_BYTES = 150e6
"""Memory of a process with its libraries; PyTorch's are the biggest."""
# Seconds that a child which was told to end may take before it is ended.
_END_SECONDS = 5


@dataclass(frozen=True)
class Memory:
    """Resident memory of a child: its highest, which is often that of loading, and that of now."""

    rss_peak_bytes: int | None
    rss_bytes: int | None


class Loader(Protocol):
    """What is sent to a process to load something there; it can be pickled and is cheap to import."""

    def load(self, thread_count: int) -> Any:
        """Load it, to run on that many threads; raises `AbsentError`."""


class Process:
    """A process that loads something and then does what that is asked to do, one request after the other.

    Every method raises `AbsentError` where that fails: the reason given, or that the process ended.
    """

    def __init__(self, loader: Loader, thread_count: int) -> None:
        self._connection, inside = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(loader, thread_count, inside), daemon=True)
        self._process.start()
        inside.close()

    def wait_until_loaded(self) -> None:
        """Wait until the model is in memory."""
        self._receive()

    def ask(self, method: str, *arguments: object) -> object:
        """Call a method of what was loaded; returns what it returns, which can be pickled."""
        try:
            self._connection.send((method, *arguments))
        except OSError as error:
            raise self._ended() from error
        return self._receive()

    def memory(self) -> Memory:
        """Read the memory of the process."""
        return cast("Memory", self.ask("memory"))

    def close(self) -> None:
        """End the process."""
        self._connection.close()
        self._process.join(_END_SECONDS)
        self._process.kill()
        self._process.join()

    def _receive(self) -> object:
        try:
            reply = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._ended() from error
        if isinstance(reply, AbsentError):
            raise reply
        return reply

    def _ended(self) -> AbsentError:
        self._process.join(_END_SECONDS)
        return AbsentError(f"its process ended with code {self._process.exitcode}")


class Entrant(Process):
    """What has a row of a table, in a process of its own: it loads its model and then waits for its turns."""

    def __init__(self, row: Row, thread_count: int) -> None:
        super().__init__(row, thread_count)
        self.row = row
        self.thread_count = thread_count


class Child(Entrant):
    """A contender in a process of its own."""

    def __init__(self, contender: Contender, thread_count: int) -> None:
        super().__init__(contender, thread_count)

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        """See `LoadedModel`."""
        return cast("Generation", self.ask("generate", prompt_ids, count))

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        """See `LoadedModel`."""
        return cast("list[int]", self.ask("predict", prompt_ids, continuation_ids))


def run_aside(function: Callable[[], None]) -> None:
    """Run a function in a process of its own, so that what it loads is gone afterwards.

    Raises:
        AbsentError: as raised by the function, or where it or its process failed.

    """
    receiving, sending = _SPAWN.Pipe(duplex=False)
    process = _SPAWN.Process(target=_run, args=(function, sending), daemon=True)
    process.start()
    sending.close()
    try:
        reply = receiving.recv()
    except EOFError as error:
        process.join()
        raise AbsentError(f"making its files ended with code {process.exitcode}") from error
    process.join()
    if isinstance(reply, AbsentError):
        raise reply


def _run(function: Callable[[], None], connection: Connection[Any, Any]) -> None:
    _leave_interrupts_to_parent()
    connection.send(_outcome(function))


def _serve(loader: Loader, thread_count: int, connection: Connection[Any, Any]) -> None:
    _leave_interrupts_to_parent()
    # Libraries that are not told read this when they are first imported; none is yet.
    os.environ["OMP_NUM_THREADS"] = str(thread_count)
    model: Any = None

    def load() -> None:
        nonlocal model
        model = loader.load(thread_count)

    reply = _outcome(load)
    connection.send(reply)
    while not isinstance(reply, AbsentError):
        try:
            request, *arguments = connection.recv()
        except EOFError:  # the parent closed its end
            return
        reply = _memory() if request == "memory" else _outcome(getattr(model, request), *arguments)
        connection.send(reply)


def _leave_interrupts_to_parent() -> None:
    """Ignore Ctrl-C, which every process of the terminal gets: the parent ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _outcome(function: Callable[..., object], *arguments: object) -> object:
    try:
        return function(*arguments)
    except AbsentError as absence:
        return absence
    except Exception as error:  # a peer fails as it likes: the table says how
        return AbsentError(f"{type(error).__name__}: {first_line(error)}")


def _memory() -> Memory:
    probe = MemoryProbe()
    return Memory(probe.high_water_bytes(), probe.rss_bytes())
