"""The units, judged by systemd's own tools; without them the tests are skipped."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parent.parent.parent / "systemd"
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def analyze(*arguments: str) -> str:
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout + done.stderr


@needs_systemd
def test_the_unit_exposes_little() -> None:
    report = analyze("security", "--offline=true", str(UNITS / "briefd.service"))
    exposure = re.search(r"Overall exposure level for briefd\.service: ([\d.]+)", report)
    if exposure is None:
        pytest.skip("this systemd-analyze judges no files")
    assert float(exposure[1]) <= 1.5


@needs_systemd
def test_the_unit_has_no_line_that_systemd_does_not_know(tmp_path: Path) -> None:
    unit = (UNITS / "briefd.service").read_text("utf-8").replace("/opt/briefd/bin/briefd", "/bin/true")
    copy = tmp_path / "briefd.service"
    copy.write_text(re.sub(r"^(Documentation|User|Group)=.*\n", "", unit, flags=re.MULTILINE), "utf-8")
    report = analyze("verify", "--man=no", str(copy))
    assert "briefd.service" not in report, report


def test_the_unit_names_what_the_daemon_does() -> None:
    unit = (UNITS / "briefd.service").read_text("utf-8")
    seconds = {name: int(value) for name, value in re.findall(r"^(\w+Sec)=(\d+)$", unit, flags=re.MULTILINE)}
    assert "Type=notify" in unit
    assert seconds["TimeoutStopSec"] > 10  # the default of `grace_seconds`
    assert seconds["WatchdogSec"] >= 30
