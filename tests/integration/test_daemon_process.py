"""The daemon as a process: how it starts, refuses to start, listens, and stops on signals."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import suppress

import grpc
import psutil
import pytest
from bundle_factory import make_bundle
from grpc_health.v1 import health_pb2, health_pb2_grpc
from serving import (
    CHANNEL_OPTIONS,
    READY_SECONDS,
    DaemonProcess,
    daemon_process,
    python_environ,
    reason_of,
    short_directory,
)

from briefd.v1 import briefd_pb2, briefd_pb2_grpc
from briefd_server.bundle import VariantEntry


def summarize(channel: grpc.Channel, text: str, timeout: float = 20) -> grpc.UnaryStreamMultiCallable:
    stub = briefd_pb2_grpc.SummarizerServiceStub(channel)
    return stub.Summarize(briefd_pb2.SummarizeRequest(text=text), timeout=timeout)


def result_of(events: object) -> briefd_pb2.SummarizeResult:
    *_, last = events  # type: ignore[misc] # a stream of events
    return last.result


def test_stops_in_order_on_sigterm_while_a_stream_runs() -> None:
    with daemon_process() as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        running = summarize(channel, "pause a b")
        waiting = summarize(channel, "c d e")
        assert next(running).accepted.queue_position == 0
        assert next(waiting).accepted.queue_position == 1
        daemon.stop()
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.RpcError) as refusal:
            result_of(summarize(channel, "too late"))
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason_of(refusal.value) == "SHUTTING_DOWN"
        (daemon.directory / "go").touch()
        assert result_of(running).summary == "pause a b"
        assert result_of(waiting).summary == "c d e"
        code, log = daemon.wait()
        assert code == 0, log
        assert not (daemon.directory / "s").exists()
        assert "Traceback" not in log


def test_calls_that_outlast_the_grace_time_are_ended() -> None:
    with daemon_process("--grace-seconds", "0.2") as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        running = summarize(channel, "hold a b")
        next(running)
        daemon.stop()
        with pytest.raises(grpc.RpcError) as refusal:
            list(running)
        assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
        assert reason_of(refusal.value) == "SHUTTING_DOWN"
        code, log = daemon.wait()
        assert code == 0, log


@pytest.mark.parametrize("manner", ["hold", "stubborn"])
def test_a_second_signal_ends_it_at_once(manner: str) -> None:
    with daemon_process("--grace-seconds", "600") as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        running = summarize(channel, f"{manner} a b")
        next(running)
        daemon.stop(signal.SIGINT)
        while not briefd_health_is_down(channel):
            time.sleep(0.01)
        daemon.stop(signal.SIGTERM)
        code, log = daemon.wait()
        assert code == 1, log


def briefd_health_is_down(channel: grpc.Channel) -> bool:
    health = briefd_pb2_grpc.SummarizerServiceStub(channel).Health(briefd_pb2.HealthRequest(), timeout=20)
    return health.status == briefd_pb2.SERVING_STATUS_NOT_SERVING


def test_an_idle_daemon_stops_at_once_whoever_watches() -> None:
    with daemon_process() as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        next(watch)
        daemon.stop()
        start_seconds = time.monotonic()
        code, _ = daemon.wait()
        assert code == 0
        assert time.monotonic() - start_seconds < 5  # and not the ten of the grace time


def test_listens_on_a_unix_socket_with_its_mode_and_on_tcp() -> None:
    with daemon_process("--listen", "127.0.0.1:0") as daemon:
        line = daemon.wait_ready()
        mode = (daemon.directory / "s").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o660
        port = re.search(r"127\.0\.0\.1:(\d+)", line)
        assert port is not None
        assert int(port[1]) > 0
        for target in (port[0], daemon.address):
            with grpc.insecure_channel(target, CHANNEL_OPTIONS) as channel:
                assert result_of(summarize(channel, "a b c")).summary == "a b c"


def test_listens_on_every_address_when_allowed() -> None:
    with daemon_process("--listen", "0.0.0.0:0", "--allow-insecure-tcp", listen=False) as daemon:
        assert re.search(r"0\.0\.0\.0:[1-9]", daemon.wait_ready())


def test_listens_by_default_in_the_session() -> None:
    with (
        short_directory() as directory,
        daemon_process(listen=False, environ={"XDG_RUNTIME_DIR": str(directory)}) as daemon,
    ):
        assert f"unix:{directory}/briefd.sock" in daemon.wait_ready()


def test_a_second_daemon_leaves_the_socket_alone() -> None:
    with daemon_process() as first:
        first.wait_ready()
        with daemon_process("--listen", first.address, listen=False) as second:
            code, log = second.wait()
        assert code == 3
        assert log.strip().splitlines()[-1].startswith(f"briefd: cannot listen on {first.address}: another briefd")
        assert "Traceback" not in log
        with first.channel() as channel:
            assert result_of(summarize(channel, "a b c")).summary == "a b c"


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        (
            VariantEntry("optimized.onnx", cpu_features=("no_such_feature",)),
            r"\(int8: no_such_feature\); build it again",
        ),
        (VariantEntry("optimized.onnx", memory_bytes=1 << 60), r"its form int8 takes [\d,]+ MB of memory, and"),
    ],
)
def test_a_bundle_that_cannot_run_here_is_refused_before_it_is_loaded(form: VariantEntry, complaint: str) -> None:
    with short_directory() as directory:
        make_bundle(directory, variants={"int8": form})
        # A load that outlasts the test shows that nothing was loaded.
        with daemon_process("--bundle", str(directory), environ={"FAKE_LOAD_SECONDS": "60"}) as daemon:
            code, log = daemon.wait()
    assert code == 3
    (line,) = log.splitlines()
    assert line.startswith("briefd: bundle tiny-en cannot be ")
    assert re.search(complaint, line)


def test_a_bundle_with_a_file_that_is_not_listed_is_refused_before_it_is_loaded() -> None:
    with short_directory() as directory:
        make_bundle(directory)
        (directory / "weights.data").write_bytes(b"a model's external data")
        with daemon_process("--bundle", str(directory), environ={"FAKE_LOAD_SECONDS": "60"}) as daemon:
            code, log = daemon.wait()
    assert (code, log) == (
        3,
        f"briefd: {directory}/weights.data: is not listed in bundle.json; move it out of the bundle\n",
    )


def test_a_panic_at_the_start_is_one_line() -> None:
    with daemon_process(environ={"FAKE_LOAD_PANICS": "1"}) as daemon:
        code, log = daemon.wait()
    assert (code, log) == (3, "briefd: bundle tiny-en cannot be loaded: PanicError: Panic\n")


def test_a_bundle_that_fails_at_its_own_examples_is_refused() -> None:
    with short_directory() as directory:
        make_bundle(directory, examples=("a b c", "crash my secret"))
        with daemon_process("--bundle", str(directory)) as daemon:
            code, log = daemon.wait()
    assert (code, log) == (
        3,
        "briefd: bundle tiny-en cannot be served: its form optimized fails at example 2 of its manifest (ValueError); "
        "install the bundle again, or another\n",
    )


def test_takes_over_the_socket_that_a_crash_left() -> None:
    with daemon_process() as first:
        first.wait_ready()
        first.process.kill()
        first.process.wait()
        assert (first.directory / "s").exists()
        with daemon_process("--listen", first.address, listen=False) as second:
            second.wait_ready()
            with first.channel() as channel:
                assert result_of(summarize(channel, "a b c")).summary == "a b c"


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with daemon_process("--listen", address) as daemon:
            code, log = daemon.wait()
    assert code == 3
    assert log.strip().startswith(f"briefd: cannot listen on {address}: Address already in use; stop the program")
    assert len(log.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["--threads", "0"], 2, "--threads: give a whole number from 1 to 64"),
        (["--listen", "0.0.0.0:0"], 2, "allow it with --allow-insecure-tcp"),
        (["--listen", "unix:/nowhere/at/all/s"], 3, "create its directory"),
        (["--bundle", "other"], 3, "no bundle 'other'"),
        (["--bundle", "./missing"], 3, "is no bundle"),
        (["--config", "missing.toml"], 2, "missing.toml: cannot be read"),
    ],
)
def test_a_start_that_fails_is_one_line_with_the_fix(arguments: list[str], code: int, complaint: str) -> None:
    with daemon_process(*arguments) as daemon:
        assert (daemon.process.wait(20), (log := daemon.wait()[1]).count("\n")) == (code, 1), log
    assert log.startswith("briefd: ")
    assert complaint in log


def test_a_log_reader_that_stands_still_holds_up_neither_calls_nor_the_end() -> None:
    reading, writing = os.pipe()
    fill(writing)
    with daemon_process("--log-level", "debug", stderr=writing) as daemon, daemon.channel() as channel:
        os.close(writing)
        grpc.channel_ready_future(channel).result(READY_SECONDS)
        for number in range(20):
            assert result_of(summarize(channel, f"call {number}")).summary == f"call {number}"
        daemon.stop()
        assert daemon.process.wait(READY_SECONDS) == 0
    os.close(reading)


def fill(descriptor: int) -> None:
    """Leave no room in a pipe."""
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b"." * 4096)
    with suppress(BlockingIOError):
        while True:
            os.write(descriptor, b".")
    os.set_blocking(descriptor, True)


def test_a_signal_during_the_start_ends_it() -> None:
    with daemon_process(environ={"FAKE_LOAD_SECONDS": "60"}) as daemon:
        wait_for_socket(daemon)
        daemon.stop()
        code, log = daemon.wait()
    assert code == 0, log


def wait_for_socket(daemon: DaemonProcess) -> None:
    while not (daemon.directory / "s").exists():
        assert daemon.process.poll() is None
        time.sleep(0.01)


def test_reads_its_settings_from_a_file_and_the_environment() -> None:
    with short_directory() as directory:
        file = directory / "briefd.toml"
        file.write_text("queue = 3\nworkers = 2\n")
        with daemon_process(environ={"BRIEFD_CONFIG": str(file), "BRIEFD_WORKERS": "1"}) as daemon:
            assert "1 worker(s)" in (line := daemon.wait_ready())
            assert "queue of 3" in line


def test_an_idle_daemon_uses_no_processor_time() -> None:
    with daemon_process() as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        result_of(summarize(channel, "a b c"))
        process = psutil.Process(daemon.process.pid)
        before = process.cpu_times()
        time.sleep(1)
        after = process.cpu_times()
        assert after.user + after.system - before.user - before.system <= 0.05


def test_the_number_of_threads_is_bounded_and_does_not_grow() -> None:
    # Ours are the worker's and the log's. With gRPC's come main, timer, poller and guard, and those of its events:
    # one for each processor, but from four to sixteen. The model's own come with a real engine.
    bound = 4 + min(16, max(4, psutil.cpu_count() or 1)) + 2
    with daemon_process() as daemon, daemon.channel() as channel:
        daemon.wait_ready()
        stub = briefd_pb2_grpc.SummarizerServiceStub(channel)
        counts = []
        for _ in range(5):
            for call in [summarize(channel, "a b c") for _ in range(8)]:
                result_of(call)
            counts.append(stub.Health(briefd_pb2.HealthRequest(), timeout=20).thread_count)
        assert max(counts) <= bound
        assert counts[-1] <= counts[0] + 1
        assert counts[-1] == psutil.Process(daemon.process.pid).num_threads()


@pytest.mark.parametrize(("module", "usage"), [("briefd_server", "briefd"), ("briefd_client", "brief")])
def test_packages_run_as_their_commands(module: str, usage: str) -> None:
    command = [sys.executable, "-m", module, "--help"]
    assert f"Usage: {usage} " in subprocess.check_output(command, env=python_environ(), text=True)


def test_the_daemon_imports_nothing_heavy() -> None:
    script = "import briefd_server.cli, briefd_server.daemon, sys; print(*sys.modules)"
    output = subprocess.check_output([sys.executable, "-c", script], env=python_environ(), text=True)
    modules = {name.partition(".")[0] for name in output.split()}
    assert "briefd_server" in modules
    assert not modules & {"torch", "transformers", "pandas", "codecarbon", "onnxruntime", "tokenizers"}


def test_the_service_manager_is_told_of_every_state() -> None:
    with short_directory() as directory, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(directory / "notify"))
        manager.settimeout(READY_SECONDS)
        environ = {"NOTIFY_SOCKET": str(directory / "notify"), "WATCHDOG_USEC": "600000"}
        with daemon_process(environ=environ) as daemon:
            daemon.wait_ready()
            told = manager.recv(4096).decode()
            assert told.startswith("READY=1\nSTATUS=serving bundle")
            assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
            daemon.stop(signal.SIGHUP)
            assert [state.split("\n")[0] for state in _states(manager, 2)] == ["RELOADING=1", "READY=1"]
            daemon.stop()
            assert _states(manager, 1)[-1].startswith("STOPPING=1")
            code, log = daemon.wait()
            assert code == 0, log


def _states(manager: socket.socket, count: int) -> list[str]:
    """Read until so many states were told, signs of life aside."""
    states: list[str] = []
    while len(states) < count:
        told = manager.recv(4096).decode()
        if told != "WATCHDOG=1":
            states.append(told)
    return states
