"""Measures the installed daemon with the default bundle: start, idle footprint, latency, throughput, long texts.

Every figure is taken from outside, over a Unix socket, on whatever else the machine is doing: run it on a quiet one.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from briefd_client import Client, SummaryResult

ROOT = Path(__file__).resolve().parent.parent
WORD_COUNT = 100
WARM_UP_COUNT = 20
LONG_TEXT_BYTES = 262_144


@dataclass(frozen=True)
class Figures:
    """What was measured; times in seconds, shares of one processor."""

    ready_p50_seconds: float
    idle_rss_bytes: int
    idle_cpu_share: float
    thread_count: int
    model_threads: int
    p50_seconds: float
    p95_seconds: float
    tokenize_p50_seconds: float
    inference_p50_seconds: float
    overhead_p50_seconds: float
    calls_per_second: float
    half_limit_seconds: float
    limit_seconds: float
    limit_peak_rss_bytes: int
    final_rss_bytes: int


@contextmanager
def running_daemon(address: str) -> Iterator[tuple[psutil.Process, float]]:
    """Run a daemon inside the block; gives its process and the seconds from its start until it served."""
    command = [str(Path(sys.executable).with_name("briefd")), "serve", "--listen", address]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BRIEFD_")}
    started = time.perf_counter()
    daemon = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    assert daemon.stderr is not None
    try:
        log = []
        for line in daemon.stderr:
            log.append(line)
            if "serving bundle" in line:
                break
        else:
            raise SystemExit("".join(log))
        yield psutil.Process(daemon.pid), time.perf_counter() - started
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate()


def ready_seconds(address: str, start_count: int) -> float:
    """Start daemons one after the other; returns the median, without the first, which warms the disk cache."""
    seconds = []
    for _ in range(start_count + 1):
        with running_daemon(address) as (_, ready):
            seconds.append(ready)
    return statistics.median(seconds[1:])


def cpu_share(process: psutil.Process, seconds: float) -> float:
    """Measure how much of one processor the process uses."""
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    return float(after.user + after.system - before.user - before.system) / seconds


def timed_calls(client: Client, text: str, count: int) -> list[tuple[float, SummaryResult]]:
    """Summarize the text again and again; returns each call's seconds, end to end, and its result."""
    calls = []
    for _ in range(WARM_UP_COUNT + count):
        started = time.perf_counter()
        result = client.summarize(text)
        calls.append((time.perf_counter() - started, result))
    return calls[WARM_UP_COUNT:]


def stage_seconds(result: SummaryResult) -> tuple[float, float]:
    """Read the time of the tokenizer, and that of the model and the chooser."""
    assert result.usage.tokenize_seconds is not None
    assert result.usage.inference_seconds is not None
    return result.usage.tokenize_seconds, result.usage.inference_seconds


def calls_per_second(client: Client, text: str, caller_count: int, seconds: float) -> float:
    """Count the answers while as many callers ask as the daemon holds."""
    end = time.perf_counter() + seconds

    def ask(_: int) -> int:
        count = 0
        while time.perf_counter() < end:
            client.summarize(text)
            count += 1
        return count

    started = time.perf_counter()
    with ThreadPoolExecutor(caller_count) as pool:
        count = sum(pool.map(ask, range(caller_count)))
    return count / (time.perf_counter() - started)


def measure(start_count: int, call_count: int, seconds: float) -> Figures:
    """Measure everything, in this order: what comes later leaves traces in memory."""
    article = (ROOT / "examples" / "long-article.txt").read_text(encoding="utf-8")
    text = " ".join((ROOT / "examples" / "news.txt").read_text(encoding="utf-8").split()[:WORD_COUNT])
    long_text = (article * (LONG_TEXT_BYTES // len(article) + 1)).encode()[:LONG_TEXT_BYTES]
    with tempfile.TemporaryDirectory(prefix="briefd-") as folder:
        address = f"unix:{folder}/briefd.sock"
        ready = ready_seconds(address, start_count)
        with running_daemon(address) as (process, _), Client(address) as client:
            idle = client.health()
            idle_cpu_share = cpu_share(process, seconds)
            calls = timed_calls(client, text, call_count)
            assert idle.limits is not None
            rate = calls_per_second(client, text, idle.limits.max_queued_call_count + 1, seconds)
            half, whole = (
                client.summarize(part.decode(errors="ignore"), timeout_seconds=600)
                for part in (long_text[: LONG_TEXT_BYTES // 2], long_text)
            )
            final = client.health()
    stages = [stage_seconds(result) for _, result in calls]
    whole_seconds = [seconds for seconds, _ in calls]
    return Figures(
        ready_p50_seconds=ready,
        idle_rss_bytes=idle.rss_bytes or 0,
        idle_cpu_share=idle_cpu_share,
        thread_count=final.thread_count or 0,
        model_threads=final.model_threads or 0,
        p50_seconds=statistics.median(whole_seconds),
        p95_seconds=statistics.quantiles(whole_seconds, n=20)[-1],
        tokenize_p50_seconds=statistics.median(tokenize for tokenize, _ in stages),
        inference_p50_seconds=statistics.median(inference for _, inference in stages),
        overhead_p50_seconds=statistics.median(a - sum(b) for a, b in zip(whole_seconds, stages, strict=True)),
        calls_per_second=rate,
        half_limit_seconds=sum(stage_seconds(half)),
        limit_seconds=sum(stage_seconds(whole)),
        limit_peak_rss_bytes=whole.usage.rss_peak_bytes or 0,
        final_rss_bytes=final.rss_bytes or 0,
    )


def table(figures: Figures) -> str:
    """Lay the figures out for a reader, as Markdown."""
    rows = [
        ("ready after start, warm disk cache, median", f"{figures.ready_p50_seconds:.2f} s"),
        ("resident memory, idle", f"{figures.idle_rss_bytes / 1e6:.0f} MB"),
        ("processor time, idle", f"{100 * figures.idle_cpu_share:.1f} % of one processor"),
        ("threads (of them for the model)", f"{figures.thread_count} ({figures.model_threads})"),
        (f"{WORD_COUNT} words, end to end, p50", f"{1e3 * figures.p50_seconds:.1f} ms"),
        (f"{WORD_COUNT} words, end to end, p95", f"{1e3 * figures.p95_seconds:.1f} ms"),
        ("of which sentences, words and pieces, p50", f"{1e3 * figures.tokenize_p50_seconds:.1f} ms"),
        ("of which model and chooser, p50", f"{1e3 * figures.inference_p50_seconds:.1f} ms"),
        ("of which transport and bookkeeping, p50", f"{1e3 * figures.overhead_p50_seconds:.1f} ms"),
        (f"{WORD_COUNT} words, queue full", f"{figures.calls_per_second:.0f} calls a second"),
        ("128 KiB", f"{figures.half_limit_seconds:.2f} s"),
        (
            "256 KiB (times 128 KiB)",
            f"{figures.limit_seconds:.2f} s ({figures.limit_seconds / figures.half_limit_seconds:.2f})",
        ),
        ("peak resident memory, 256 KiB", f"{figures.limit_peak_rss_bytes / 1e6:.0f} MB"),
        ("resident memory after that", f"{figures.final_rss_bytes / 1e6:.0f} MB"),
    ]
    return "\n".join(["| measure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5, help="how often the daemon is started (default: 5)")
    parser.add_argument("--calls", type=int, default=200, help="calls for the latency (default: 200)")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of the idle and the full time (default: 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    figures = measure(arguments.starts, arguments.calls, arguments.seconds)
    print(json.dumps(asdict(figures), indent=2) if arguments.json else table(figures))


if __name__ == "__main__":
    main()
