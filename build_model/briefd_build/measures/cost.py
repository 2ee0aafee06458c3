"""What a bundle takes: measured with the engine that serves it, in processes that hold nothing else."""

from __future__ import annotations

from dataclasses import asdict
from statistics import median
from typing import TYPE_CHECKING, cast

from briefd_build.measures.aside import loaded, percentile_ms, sum_up, warn_if_starved
from briefd_build.measures.counting import CountedBundle
from briefd_build.measures.files import compressed_bytes, served_files, served_variant, total_bytes
from briefd_build.measures.graphs import count_weights, weight_graphs
from briefd_build.measures.metered import ServedBundle
from briefd_build.measures.turns import spread, take_turns
from briefd_build.pipeline.results import Cost
from briefd_server.bundle import read_bundle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from briefd_build.measures.operations import Work
    from briefd_build.pipeline.model import Report

# Each in a process of its own; the files are in the system's cache, as they are when a daemon starts again.
_LOADS = 3
# Shares of the work that are done once the call is counted, and once the models are loaded.
_COUNTED, _LOADED = 0.1, 0.2


def measure_cost(
    bundle: Path,
    previous: Path | None,
    texts: Sequence[str],
    thread_count: int,
    report: Report,
    *,
    variant: str | None = None,
) -> Cost:
    """Measure a bundle, turn about with the previous stage's, each in the form that the daemon would serve here.

    Latency, processor time and energy are those of calls to a running daemon that was just used and does nothing else.
    Loading is what a daemon does from a bundle's directory to its engine, its libraries being imported already.

    Args:
        bundle: directory of the bundle.
        previous: that of the bundle to take turns with.
        texts: that are timed; at least one.
        thread_count: threads that run the models.
        report: told what is being done.
        variant: of `bundle`, where another is wanted.

    Raises:
        BuildError: a process failed, of which there may be too many for the memory.
        BriefdError: a directory holds no bundle, or one of which this processor runs no form.
    """
    read = read_bundle(bundle)
    variant = variant or served_variant(read)
    report("counting", 0.0)
    files = served_files(read, variant)
    weights = count_weights(weight_graphs(read, variant))
    work = _count_work(CountedBundle(bundle, variant), spread(texts, 1)[0])
    report("loading", _COUNTED)
    loader = ServedBundle(bundle, variant)
    others = [ServedBundle(previous, served_variant(read_bundle(previous)))] if previous else []
    load_seconds = [_time_loading(loader, thread_count) for _ in range(_LOADS - 1)]
    with loaded([loader, *others], thread_count) as processes:
        calls, *other_calls = take_turns(
            processes, texts, lambda share: report("timing", _LOADED + share * (1 - _LOADED))
        )
        memory = processes[0].memory()
        load_seconds.append(cast("float", processes[0].ask("load_seconds")))
    figures = sum_up(calls)
    warn_if_starved(figures)
    return Cost(
        file_bytes=total_bytes(files),
        compressed_bytes=compressed_bytes(files),
        parameters=weights.parameters,
        nonzeros=weights.nonzeros,
        macs=work.macs,
        bytes_read=work.bytes_read,
        load_seconds=median(load_seconds),
        rss_bytes=memory.rss_bytes,
        rss_peak_bytes=memory.rss_peak_bytes,
        previous_p50_ms=percentile_ms(other_calls[0], 50) if other_calls else None,
        **asdict(figures),
    )


def _count_work(counted: CountedBundle, text: str) -> Work:
    with loaded([counted], thread_count=1) as (process,):
        return cast("Work", process.ask("count", text))


def _time_loading(loader: ServedBundle, thread_count: int) -> float:
    with loaded([loader], thread_count) as (process,):
        return cast("float", process.ask("load_seconds"))
