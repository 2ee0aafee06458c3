"""What a machine has left of disk and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from briefd_build.room import free_disk_bytes, free_memory_bytes

if TYPE_CHECKING:
    from pathlib import Path

MB = 1_000_000


def test_the_disk_of_a_directory_not_made_yet_is_that_of_the_nearest_above(tmp_path: Path) -> None:
    assert free_disk_bytes(tmp_path / "not" / "yet") == pytest.approx(free_disk_bytes(tmp_path), abs=1e9)


def write_group(directory: Path, **files: object) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name.replace("__", ".")).write_text(f"{content}\n")


def test_memory_is_bounded_by_the_tightest_cgroup(tmp_path: Path) -> None:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    write_group(proc / "self", cgroup="0::/slice/unit")
    unlimited = free_memory_bytes(str(proc), str(sys))
    assert unlimited > 10 * MB
    root = sys / "fs" / "cgroup"
    write_group(root / "slice" / "unit", memory__max="max", memory__current=3 * MB)
    write_group(
        root / "slice",
        memory__max=10 * MB,
        memory__current=8 * MB,
        memory__stat=f"anon {5 * MB}\ninactive_file {2 * MB}\nactive_file {MB}",
    )
    assert free_memory_bytes(str(proc), str(sys)) == 5 * MB


def test_memory_is_bounded_by_a_cgroup_of_version_1(tmp_path: Path) -> None:
    proc, sys = tmp_path / "proc", tmp_path / "sys"
    write_group(proc / "self", cgroup="5:cpu,cpuacct:/a\n4:memory:/a\n0::/")
    write_group(sys / "fs/cgroup/memory/a", memory__limit_in_bytes=9 * MB, memory__usage_in_bytes=8 * MB)
    assert free_memory_bytes(str(proc), str(sys)) == MB
