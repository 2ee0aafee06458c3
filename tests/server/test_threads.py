"""How many threads."""

from __future__ import annotations

from pathlib import Path

import pytest

from briefd_server.threads import bound_thread_pools, default_thread_count, usable_core_count


def machine(root: Path, siblings: dict[int, str], quota: str | None = None, group: str = "/") -> dict[str, str]:
    for cpu, shared in siblings.items():
        topology = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
        topology.mkdir(parents=True)
        (topology / "thread_siblings_list").write_text(f"{shared}\n")
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"1:name=other:/x\n0::{group}\n")
    if quota is not None:
        place = root / f"sys/fs/cgroup{group}"
        place.mkdir(parents=True, exist_ok=True)
        (place / "cpu.max").write_text(f"{quota}\n")
    return {"sys": str(root / "sys"), "proc": str(root / "proc")}


def test_hardware_threads_of_one_core_count_once(tmp_path: Path) -> None:
    places = machine(tmp_path, {0: "0,4", 1: "1,5", 4: "0,4", 5: "1,5"})
    assert usable_core_count(**places, cpus={0, 1, 4, 5}) == 2
    assert usable_core_count(**places, cpus={0, 4}) == 1


@pytest.mark.parametrize(
    ("quota", "cores"), [("max 100000", 4), ("150000 100000", 2), ("20000 100000", 1), ("900000 100000", 4), ("", 4)]
)
def test_a_quota_bounds_the_cores(tmp_path: Path, quota: str, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    places = machine(tmp_path, {cpu: str(cpu) for cpu in range(4)}, quota, group="/system.slice/briefd.service")
    assert usable_core_count(**places, cpus=range(4)) == cores


def test_a_machine_that_tells_nothing_still_has_its_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    assert usable_core_count(str(tmp_path), str(tmp_path), {0, 1, 2}) == 3


def test_this_machine() -> None:
    assert usable_core_count() >= 1


@pytest.mark.parametrize(
    ("cores", "workers", "threads"), [(1, 1, 1), (2, 1, 2), (4, 1, 4), (16, 1, 4), (4, 2, 2), (4, 3, 1), (1, 4, 1)]
)
def test_workers_share_the_cores(cores: int, workers: int, threads: int) -> None:
    assert default_thread_count(cores, workers) == threads


def test_pools_are_bounded_unless_the_user_says_otherwise() -> None:
    environ = {"OMP_NUM_THREADS": "3"}
    bound_thread_pools(environ)
    assert environ["OMP_NUM_THREADS"] == "3"
    assert environ["OPENBLAS_NUM_THREADS"] == "1"
    assert environ["TOKENIZERS_PARALLELISM"] == "false"
