"""The daemon with a fake engine as a process of its own: `python daemon_process.py serve --bundle DIR …`."""

from __future__ import annotations

from fake_engine import FakeLoader

from briefd_server import cli, daemon

if __name__ == "__main__":
    daemon.Daemon.__init__.__defaults__ = (FakeLoader(),)
    cli.main()
