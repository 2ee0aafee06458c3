"""Where a run was made: what its times and, in the last bits, its weights depend on."""

from __future__ import annotations

import os
import platform

import psutil

from briefd_build.machine import installed_versions, name_processor

_LIBRARIES = ("briefd", "torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")


def describe_environment(thread_count: int, proc: str = "/proc") -> dict[str, str]:
    """Describe the machine and the libraries."""
    return {
        "processor": name_processor(proc),
        "cores": f"{psutil.cpu_count(logical=False) or os.cpu_count()} ({os.cpu_count()} threads)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **installed_versions(_LIBRARIES),
        "threads": str(thread_count),
    }
