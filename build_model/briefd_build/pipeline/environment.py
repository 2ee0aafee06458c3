"""Where a run was made: what its times and, in the last bits, its weights depend on."""

from __future__ import annotations

import os
import platform

import psutil

from briefd_build.machine import installed_versions, name_processor
from briefd_server.cpu_features import read_cpu_features

# Processors of one name differ in these, and with them times, and the last bits of what is trained in bfloat16.
_TELLING_FEATURES = (
    "avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "avx512_bf16", "amx_bf16",
    "asimd", "asimddp", "i8mm", "bf16",
)  # fmt: skip
_LIBRARIES = ("briefd", "torch", "transformers", "onnx", "onnxruntime", "tokenizers", "numpy")


def describe_maker(proc: str = "/proc") -> dict[str, str]:
    """Describe what of the machine decides the results of a training or an export, and not only their times."""
    features = read_cpu_features(proc)
    return {
        "instructions": ", ".join(name for name in _TELLING_FEATURES if name in features) or "unknown",
        "python": platform.python_version(),
        **installed_versions(_LIBRARIES),
    }


def describe_environment(thread_count: int, proc: str = "/proc") -> dict[str, str]:
    """Describe the machine and the libraries."""
    return {
        "processor": name_processor(proc),
        "cores": f"{psutil.cpu_count(logical=False) or os.cpu_count()} ({os.cpu_count()} threads)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **describe_maker(proc),
        "threads": str(thread_count),
    }
