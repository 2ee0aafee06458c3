"""How many threads: a bound for every library that would start one for each core, and the model's own count."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from briefd_server.cgroup import cgroup_directories, read_text

if TYPE_CHECKING:
    from collections.abc import Collection, MutableMapping

MAX_DEFAULT_THREADS = 4

# Read by the libraries when they are imported. The model's threads are ONNX Runtime's own and are set on its session.
_BOUNDS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def bound_thread_pools(environ: MutableMapping[str, str]) -> None:
    """Bound the pools of libraries not yet imported; what the user set stays."""
    for name, value in _BOUNDS.items():
        environ.setdefault(name, value)


def default_thread_count(core_count: int, worker_count: int) -> int:
    """Tell how many threads run a worker's model: its share of the cores, from 1 to `MAX_DEFAULT_THREADS`."""
    return max(1, min(MAX_DEFAULT_THREADS, core_count // worker_count))


def usable_core_count(sys: str = "/sys", proc: str = "/proc", cpus: Collection[int] | None = None) -> int:
    """Count the physical cores that this process may use: those of its affinity, within its cgroup's quota; at least 1.

    `cpus` are the logical processors that it may run on, by default as the kernel says.
    """
    allowed = os.sched_getaffinity(0) if cpus is None else cpus
    cores = {_siblings(sys, cpu) for cpu in allowed}
    return max(1, min(len(cores), _quota(sys, proc)))


def _siblings(sys: str, cpu: int) -> str:
    """Name the core of a logical processor by the processors that share it; itself where the kernel does not say."""
    return read_text(f"{sys}/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") or str(cpu)


def _quota(sys: str, proc: str) -> int:
    """Read how many processors' time the cgroup (version 2) may take, rounded up."""
    quota, _, period = read_text(f"{cgroup_directories(proc, sys)[0]}/cpu.max").partition(" ")
    return math.ceil(int(quota) / int(period)) if quota.isdecimal() and period.isdecimal() else os.cpu_count() or 1
