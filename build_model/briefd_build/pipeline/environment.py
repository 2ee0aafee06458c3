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


def describe_environment(thread_count: int, proc: str = "/proc") -> dict[str, str]:
    """Describe the machine and the libraries."""
    features = read_cpu_features(proc)
    return {
        "processor": name_processor(proc),
        "instructions": ", ".join(name for name in _TELLING_FEATURES if name in features) or "unknown",
        "cores": f"{psutil.cpu_count(logical=False) or os.cpu_count()} ({os.cpu_count()} threads)",
        "memory": f"{psutil.virtual_memory().total / 1e9:.1f} GB",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        **installed_versions(_LIBRARIES),
        "threads": str(thread_count),
    }
