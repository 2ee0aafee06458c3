"""What is left of a machine's disk and memory, and refusing work that they have no room for."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import psutil

from briefd_build.errors import BuildError


@dataclass(frozen=True)
class Needs:
    """What some work takes at most, in bytes."""

    disk_bytes: int
    memory_bytes: int


def check_disk(takes: str, needed_bytes: float, directory: Path, free_bytes: int, remedy: str) -> None:
    """Refuse work that a disk has no room for, before it starts.

    Args:
        takes: the beginning of a sentence that the number of bytes goes on with: `the run takes up to`.
        needed_bytes: what it takes.
        directory: where.
        free_bytes: what is free there.
        remedy: what the user can do.

    Raises:
        BuildError: less is free than is needed.

    """
    if free_bytes < needed_bytes:
        raise BuildError(
            f"too little disk: {takes} {_megabytes(needed_bytes)} in {directory}, where {_megabytes(free_bytes)} are "
            f"free; {remedy}"
        )


def check_memory(takes: str, needed_bytes: float, free_bytes: int, remedy: str) -> None:
    """Refuse work that there is too little memory for, before it starts; see `check_disk`."""
    if free_bytes < needed_bytes:
        raise BuildError(
            f"too little memory: {takes} {_megabytes(needed_bytes)}, and {_megabytes(free_bytes)} are free; {remedy}"
        )


def free_disk_bytes(directory: Path) -> int:
    """Read what an ordinary user may still write to a directory, or to where it will be made."""
    existing = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


def free_memory_bytes(proc: str = "/proc", sys: str = "/sys") -> int:
    """Read what this process can still get: of the machine's memory and swap, within the limits of its cgroups."""
    machine_bytes = psutil.virtual_memory().available + psutil.swap_memory().free
    return min([machine_bytes, *_cgroup_rooms(Path(proc), Path(sys))])


def _cgroup_rooms(proc: Path, sys: Path) -> list[int]:
    """Read how far the process's cgroups and those above them are from their limits; page cache can be taken back."""
    rooms = []
    for line in _read(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit, used = sys / "fs/cgroup", "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root, limit, used = sys / "fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        group = root / path.lstrip("/")
        for each in (group, *group.parents):
            if not each.is_relative_to(root):
                break
            limit_text, used_text = _read(each / limit), _read(each / used)
            if limit_text.isdecimal() and used_text.isdecimal():
                rooms.append(max(0, int(limit_text) - int(used_text) + _page_cache_bytes(each)))
    return rooms


def _page_cache_bytes(group: Path) -> int:
    fields = dict(line.split(" ", 1) for line in _read(group / "memory.stat").splitlines() if " " in line)
    return sum(int(fields.get(name, 0)) for name in ("inactive_file", "active_file"))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _megabytes(byte_count: float) -> str:
    return f"{byte_count / 1e6:,.0f} MB"
