"""The unit under a systemd that booted: Debian in a folder, under systemd-nspawn, with briefd in /opt/briefd.

It takes minutes, root, debootstrap and the network that Debian's and Python's packages come from: `make test-systemd`.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = [pytest.mark.long, pytest.mark.systemd]
REPOSITORY = Path(__file__).parent.parent.parent
TEXT = (
    "The harbour office canarytext closes the east quay on Monday because the crane is being repaired after the storm."
)
SUMMARY = "The harbour office canarytext closes the east quay on Monday."
PACKAGES = "systemd,systemd-sysv,dbus,python3,python3-venv,ca-certificates"
INSTALLED = Path("/opt/briefd")
_NEEDED = ("debootstrap", "systemd-nspawn", "nsenter", "/usr/bin/python3.11")


def missing() -> str:
    """Tell what is missing for a Debian in a folder; empty where nothing is."""
    if os.geteuid() != 0:
        return "only root can boot a folder"
    absent = [tool for tool in _NEEDED if shutil.which(tool) is None]
    return f"{', '.join(absent)} not found" if absent else ""


def run(*command: str, seconds: float = 600) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


def checked(*command: str) -> str:
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "did not come about"
        time.sleep(0.2)


class Machine:
    """A booted folder."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._process = process

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return run("nsenter", "-t", str(self._init()), "-a", *command)

    def brief(self, user: str) -> subprocess.CompletedProcess[str]:
        asking = ("/opt/briefd/bin/brief", "--address", "unix:/run/briefd/briefd.sock", "--text", TEXT)
        return self.run("runuser", "-u", user, "--", *asking)

    def property(self, name: str) -> str:
        return self.run("systemctl", "show", "briefd", "-p", name, "--value").stdout.strip()

    def daemon(self) -> psutil.Process:
        """Find the daemon among the processes of the machine that boots the folder."""
        children = psutil.Process(self._init()).children(recursive=True)
        return next(child for child in children if "/opt/briefd/bin/briefd" in child.cmdline())

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(60)

    def _init(self) -> int:
        return int(psutil.Process(self._process.pid).children()[0].pid)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    if reason := missing():
        pytest.skip(reason)
    if INSTALLED.exists():
        pytest.skip(f"{INSTALLED} is there already, and would be replaced")
    folder = tmp_path_factory.mktemp("debian")
    folder.chmod(0o755)  # it is the machine's /, which everybody has to pass
    if run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", str(folder)).returncode:
        pytest.skip("debootstrap cannot fetch Debian's packages here")
    install(folder)
    command = ["systemd-nspawn", "-D", str(folder), "-b", "-M", "briefd-test", "--register=no", "--keep-unit"]
    process = subprocess.Popen(
        [*command, "--console=pipe", "--private-network"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    machine = Machine(folder, process)
    try:
        until(lambda: bool(psutil.Process(process.pid).children()))
        until(lambda: machine.property("ActiveState") == "active", 60)
        yield machine
    finally:
        machine.stop()
        shutil.rmtree(folder, ignore_errors=True)


def install(folder: Path) -> None:
    """Install briefd in the folder as it would be on a device."""
    try:
        checked("/usr/bin/python3.11", "-m", "venv", "--without-pip", str(INSTALLED))
        python = str(INSTALLED / "bin" / "python")
        constraints = str(REPOSITORY / "constraints.txt")
        checked("python3", "-m", "pip", "--python", python, "install", "-q", "-c", constraints, f"{REPOSITORY}[server]")
        shutil.copytree(INSTALLED, folder / "opt" / "briefd", symlinks=True)
    finally:
        shutil.rmtree(INSTALLED, ignore_errors=True)
    # Without the file systemd takes it for a first boot, and asks on the console for a language.
    (folder / "etc" / "machine-id").write_text("", "utf-8")
    units = folder / "etc" / "systemd" / "system"
    shutil.copy(REPOSITORY / "systemd" / "briefd.service", units)
    shutil.copy(REPOSITORY / "systemd" / "briefd.sysusers.conf", folder / "usr" / "lib" / "sysusers.d" / "briefd.conf")
    (units / "briefd.service.d").mkdir()
    (units / "briefd.service.d" / "soon.conf").write_text("[Service]\nWatchdogSec=4\n", "utf-8")
    (folder / "etc" / "briefd").mkdir()
    (folder / "etc" / "briefd" / "briefd.toml").write_text("grace_seconds = 5\n", "utf-8")
    for command in ("systemd-sysusers", "systemctl enable briefd", "useradd -m -G briefd member", "useradd -m other"):
        checked("chroot", str(folder), *command.split())


def test_members_of_the_group_are_answered_and_others_are_not(machine: Machine) -> None:
    assert machine.property("StatusText").startswith("serving bundle default-en")
    assert machine.brief("member").stdout.strip() == SUMMARY
    refused = machine.brief("other")
    assert refused.returncode == 69
    assert "join the group" in refused.stderr


def test_a_reload_takes_new_settings_without_a_restart(machine: Machine) -> None:
    before = machine.property("MainPID")
    (machine.folder / "etc" / "briefd" / "briefd.toml").write_text("grace_seconds = 5\nqueue = 3\n", "utf-8")
    assert machine.run("systemctl", "reload", "briefd").returncode == 0
    until(lambda: "queue of 3" in machine.property("StatusText"))
    assert machine.property("MainPID") == before
    assert machine.brief("member").stdout.strip() == SUMMARY


def test_a_daemon_that_froze_is_replaced(machine: Machine) -> None:
    frozen = machine.daemon()
    frozen.send_signal(signal.SIGSTOP)
    until(lambda: machine.property("NRestarts") == "1" and machine.property("ActiveState") == "active")
    assert machine.daemon().pid != frozen.pid
    assert machine.brief("member").stdout.strip() == SUMMARY


def test_the_journal_holds_no_text(machine: Machine) -> None:
    journal = machine.run("journalctl", "--no-pager").stdout
    assert "serving bundle default-en" in journal
    assert "canarytext" not in journal


def test_a_stop_is_in_order(machine: Machine) -> None:
    assert machine.run("systemctl", "stop", "briefd").returncode == 0
    assert machine.property("Result") == "success"
    assert not (machine.folder / "run" / "briefd").exists()
