"""Shows briefd at work: starts a daemon on a temporary socket, summarizes files, asks how the daemon is, stops it."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

START_SECONDS = 60.0
STOP_SECONDS = 30.0
# gRPC waits a second after a first try that came too early for the daemon; here that would be most of the start.
CHANNEL_OPTIONS = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 200)]
# The demonstration is the same for everybody, whatever settings of their own they have.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("BRIEFD_")}


def program(name: str) -> str:
    """Return the path of a console script of this environment."""
    return str(Path(sys.executable).with_name(name))


class Interruption:
    """Ends the demonstration at a signal by ending the process that it waits for, and with it the wait.

    The handler raises nothing: what a handler raises is lost where the signal meets a finalizer or a callback, and
    leaves a process behind where it meets the start of one.
    """

    def __init__(self) -> None:
        self._signal_number: int | None = None
        self._awaited: subprocess.Popen[bytes] | None = None

    def catch(self, *numbers: signal.Signals) -> None:
        """Handle these signals."""
        for number in numbers:
            signal.signal(number, self._handle)

    def await_end_of(self, process: subprocess.Popen[bytes]) -> None:
        """Let a signal end this process from now on; one that came before ends it at once."""
        self._awaited = process
        if self._signal_number is not None:
            process.terminate()

    def check(self) -> None:
        """Leave the script, by what `sys.exit` raises, if a signal came."""
        if self._signal_number is not None:
            sys.exit(128 + self._signal_number)

    def _handle(self, number: int, _frame: object) -> None:
        self._signal_number = number
        if self._awaited is not None:
            self._awaited.terminate()


def wait_until_serving(address: str, daemon: subprocess.Popen[bytes]) -> None:
    """Return once the daemon serves.

    Raises:
        grpc.RpcError: it ended, or did not serve within `START_SECONDS`.

    """
    with grpc.insecure_channel(address, CHANNEL_OPTIONS) as channel:
        request = health_pb2.HealthCheckRequest()
        states = health_pb2_grpc.HealthStub(channel).Watch(request, timeout=START_SECONDS, wait_for_ready=True)
        threading.Thread(target=lambda: (daemon.wait(), states.cancel()), daemon=True).start()
        for state in states:
            if state.status == health_pb2.HealthCheckResponse.SERVING:
                return


def stop(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon as its service manager would, and the hard way when it does not react."""
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


@contextmanager
def running_daemon(address: str, log_path: Path, interruption: Interruption) -> Iterator[subprocess.Popen[bytes]]:
    """Run a daemon that serves inside the block and has ended after it."""
    command = [program("briefd"), "serve", "--listen", address]
    with log_path.open("wb") as log:
        # A session of its own: Ctrl-C in the terminal reaches this script alone, which then stops the daemon.
        daemon = subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True)
    try:
        interruption.await_end_of(daemon)
        try:
            wait_until_serving(address, daemon)
        except grpc.RpcError:
            interruption.check()
            state = "does not serve" if daemon.poll() is None else f"ended with exit code {daemon.returncode}"
            raise SystemExit(f"The daemon {state}. It said:\n{log_path.read_text(errors='replace').rstrip()}") from None
        yield daemon
    finally:
        stop(daemon)


def show(address: str, interruption: Interruption, *command: str) -> bool:
    """Print a command and what it prints; tell whether it succeeded."""
    print(f"\n$ {shlex.join(command)}", flush=True)
    arguments = [program(command[0]), *command[1:]]
    environment = {**ENVIRONMENT, "BRIEFD_ADDRESS": address}
    # One stream, so that a record of the demonstration keeps each text's metrics beside its summary.
    with subprocess.Popen(arguments, env=environment, stderr=subprocess.STDOUT) as process:
        interruption.await_end_of(process)
        # With a limit, waiting looks up now and then: a signal that came just before, or that another thread received,
        # would not break a wait without one.
        process.wait(threading.TIMEOUT_MAX)
    interruption.check()
    return process.returncode == 0


def demonstrate(files: list[str], interruption: Interruption) -> bool:
    """Summarize every file with a daemon of its own; tell whether all went well."""
    with tempfile.TemporaryDirectory(prefix="briefd-") as folder:
        address = f"unix:{folder}/briefd.sock"
        started = time.monotonic()
        with running_daemon(address, Path(folder, "briefd.log"), interruption) as daemon:
            print(f"A daemon serves on {address}, {time.monotonic() - started:.1f} s after its start.")
            results = [show(address, interruption, "brief", "--metrics", file) for file in files]
            results.append(show(address, interruption, "brief", "health"))
        print(f"\nThe daemon was stopped; its exit code is {daemon.returncode}.")
        return all(results) and daemon.returncode == 0


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", metavar="FILE", help="a text to summarize")
    files = parser.parse_args().files
    interruption = Interruption()
    interruption.catch(signal.SIGINT, signal.SIGTERM)
    succeeded = demonstrate(files, interruption)
    interruption.check()
    return 0 if succeeded else 1


if __name__ == "__main__":
    sys.exit(main())
