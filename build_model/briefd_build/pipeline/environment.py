"""Where a run was made: what its times and, in the last bits, its weights depend on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

_LIBRARIES = ("briefd", "torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")


def describe_environment(thread_count: int, proc: str = "/proc") -> dict[str, str]:
    """Describe the machine and the libraries."""
    libraries = {name: text for name in _LIBRARIES if (text := _version(name))}
    return {
        "processor": _processor(proc),
        "cores": f"{psutil.cpu_count(logical=False) or os.cpu_count()} ({os.cpu_count()} threads)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **libraries,
        "threads": str(thread_count),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor(proc: str) -> str:
    """Name the processor; Arm's kernels tell no model name."""
    try:
        lines = Path(proc, "cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), platform.machine())
