"""Readings of the device."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from briefd_server.metering import device


def test_a_process_can_hold_what_it_has_and_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=100)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2_000))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=30_000))
    for room_bytes, expected in ((None, 32_100), (1_000_000, 32_100), (500, 600), (0, 100)):
        monkeypatch.setattr(device, "memory_room_bytes", lambda room_bytes=room_bytes: room_bytes)
        assert device.attainable_memory_bytes() == expected


def test_memory_that_the_kernel_hides_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden() -> None:
        raise FileNotFoundError("/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    assert device.attainable_memory_bytes() is None


def test_a_process_is_as_old_as_the_kernel_says(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    ticks = os.sysconf("SC_CLK_TCK")
    others = " ".join(["0"] * 18)
    (tmp_path / "self" / "stat").write_text(f"7 (a ) b) S {others} {40 * ticks} 0 0\n")
    assert device.process_age_seconds(str(tmp_path), boot_seconds=100.0) == 60.0
    assert device.process_age_seconds(str(tmp_path / "hidden")) is None


def test_the_age_of_this_process_agrees_with_its_creation() -> None:
    age_seconds = device.process_age_seconds()
    assert age_seconds is not None
    assert abs(time.time() - psutil.Process().create_time() - age_seconds) < 2
