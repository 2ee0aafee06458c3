"""The control group (version 2) that this process is in, as the kernel tells of it."""

from __future__ import annotations

from pathlib import PurePosixPath


def cgroup_directories(proc: str = "/proc", sys: str = "/sys") -> list[str]:
    """List the directories of the process's group and of all that hold it, its own first; what limits one limits it."""
    group = next((line[3:] for line in read_text(f"{proc}/self/cgroup").splitlines() if line.startswith("0::")), "/")
    root = f"{sys}/fs/cgroup"
    path = PurePosixPath(group)
    return [f"{root}{'' if str(each) == '/' else each}" for each in (path, *path.parents)]


def memory_room_bytes(proc: str = "/proc", sys: str = "/sys") -> int | None:
    """Read how much more memory the groups allow before one of their processes is ended; None where none limits it.

    Files that were read and can be dropped again (`inactive_file`) do not count as taken.
    """
    rooms = [room for each in cgroup_directories(proc, sys) if (room := _room_bytes(each)) is not None]
    return min(rooms, default=None)


def _room_bytes(directory: str) -> int | None:
    limit, taken = read_text(f"{directory}/memory.max"), read_text(f"{directory}/memory.current")
    if not limit.isdecimal() or not taken.isdecimal():
        return None
    fields = (line.split() for line in read_text(f"{directory}/memory.stat").splitlines())
    droppable = next((int(field[1]) for field in fields if field[:1] == ["inactive_file"]), 0)
    return max(0, int(limit) - int(taken) + droppable)


def read_text(path: str) -> str:
    """Read a small file of the kernel's, without its last line end; empty where it cannot be read."""
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""
