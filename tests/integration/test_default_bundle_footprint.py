"""What the daemon with the default bundle loads, holds and occupies."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from odd_texts import NOTE
from serving import DaemonProcess, default_daemon, python_environ

MODEL_THREADS = 3
MOST_IDLE_BYTES = 130_000_000
HEAVY = {"torch", "transformers", "pandas", "codecarbon", "scipy", "onnx", "huggingface_hub"}
NEEDED = {"onnxruntime", "tokenizers", "numpy", "grpc"}


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    # Without the marks of continuous integration, which change what libraries do.
    environ = {"PYTHONPROFILEIMPORTTIME": "1", "CI": ""}
    with default_daemon("--threads", str(MODEL_THREADS), environ=environ) as running:
        yield running


def test_little_memory_is_held_when_idle(daemon, client):
    assert client.health().rss_bytes <= MOST_IDLE_BYTES
    for _ in range(20):
        client.summarize(NOTE * 3)
    assert client.health().rss_bytes <= MOST_IDLE_BYTES


def test_what_a_long_text_took_is_given_back(client):
    result = client.summarize(NOTE * 600)
    assert result.usage.rss_peak_bytes > client.health().rss_bytes + 10_000_000
    # Some stays where small objects of later calls lie between.
    assert client.health().rss_bytes <= 1.15 * MOST_IDLE_BYTES


def test_nothing_is_kept_in_the_users_home(daemon, client):
    client.summarize(NOTE)
    assert {path.name for path in daemon.directory.iterdir()} <= {"s", "s.lock"}


@pytest.mark.parametrize("package", ["briefd_server", "briefd_build"])
def test_onnx_runtime_reports_to_nobody(package):
    script = f"import os, {package}; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    environ = {**python_environ(), "ORT_DISABLE_TELEMETRY": "0"}
    assert subprocess.check_output([sys.executable, "-c", script], env=environ, text=True) == "1\n"


def test_nothing_heavy_is_imported(daemon):
    imports = re.findall(r"^import time:.*\| +(\w+)", "".join(daemon.start_log), re.MULTILINE)
    assert set(imports) >= NEEDED
    assert not set(imports) & HEAVY


def test_nothing_heavy_is_mapped(daemon, client):
    client.summarize(NOTE)
    maps = Path(f"/proc/{daemon.process.pid}/maps").read_text(encoding="utf-8")
    packages = set(re.findall(r"/site-packages/(\w+)/", maps))
    assert {"onnxruntime", "tokenizers"} <= packages
    assert not packages & HEAVY


def test_threads_are_told_and_stay_bounded(daemon, client):
    # gRPC's (main, timer, poller, guard; its event engine: one for each processor, but from four to sixteen), and the
    # model's, of which the worker is one; and the log's.
    bound = 4 + min(16, max(4, os.cpu_count() or 1)) + MODEL_THREADS + 1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.summarize, [NOTE] * 40))
    report = client.health()
    assert report.model_threads == MODEL_THREADS
    assert report.thread_count == psutil.Process(daemon.process.pid).num_threads()
    assert MODEL_THREADS < report.thread_count <= bound
    assert client.summarize(NOTE).usage.model_threads == MODEL_THREADS
