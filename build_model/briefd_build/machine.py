"""Where something was measured: the processor, and versions of libraries."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def name_processor(proc: str = "/proc") -> str:
    """Name the processor; its architecture where the kernel tells no model name, as Arm's don't."""
    try:
        lines = Path(proc, "cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(names), platform.machine())


def describe_processor(proc: str = "/proc") -> str:
    """Name the processor and how many of its threads there are, as in "AMD EPYC x 2"."""
    return f"{name_processor(proc)} x {os.cpu_count()}"


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """Tell the versions of those of the packages that are installed."""
    return {name: number for name in packages if (number := _version(name))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
