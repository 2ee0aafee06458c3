"""Readings of the device."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from briefd_server.metering import device


def test_a_process_can_hold_what_it_has_and_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=100)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2_000))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=30_000))
    assert device.attainable_memory_bytes() == 32_100


def test_memory_that_the_kernel_hides_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden() -> None:
        raise FileNotFoundError("/proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", hidden)
    assert device.attainable_memory_bytes() is None
