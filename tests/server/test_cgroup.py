"""What control groups leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefd_server.cgroup import cgroup_directories, memory_room_bytes


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    """A process in /a/b, beneath the root's group, which has no limits."""
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "cgroup").write_text("0::/a/b\n")
    (tmp_path / "fs" / "cgroup" / "a" / "b").mkdir(parents=True)
    return tmp_path


def limit(group: Path, most: str, taken: int, droppable: int) -> None:
    (group / "memory.max").write_text(f"{most}\n")
    (group / "memory.current").write_text(f"{taken}\n")
    (group / "memory.stat").write_text(f"anon {taken - droppable}\ninactive_file {droppable}\nactive_file 0\n")


def test_its_own_group_and_all_above(groups: Path) -> None:
    root = f"{groups}/fs/cgroup"
    assert cgroup_directories(str(groups), str(groups)) == [f"{root}/a/b", f"{root}/a", root]


def test_the_tightest_limit_counts(groups: Path) -> None:
    assert memory_room_bytes(str(groups), str(groups)) is None
    limit(groups / "fs" / "cgroup" / "a", "max", 500, 0)
    assert memory_room_bytes(str(groups), str(groups)) is None
    limit(groups / "fs" / "cgroup" / "a" / "b", "1000", 700, 100)
    assert memory_room_bytes(str(groups), str(groups)) == 400
    limit(groups / "fs" / "cgroup" / "a", "900", 700, 100)
    assert memory_room_bytes(str(groups), str(groups)) == 300
    limit(groups / "fs" / "cgroup" / "a", "600", 700, 0)
    assert memory_room_bytes(str(groups), str(groups)) == 0


def test_without_control_groups_nothing_is_known(tmp_path: Path) -> None:
    assert memory_room_bytes(str(tmp_path), str(tmp_path)) is None
