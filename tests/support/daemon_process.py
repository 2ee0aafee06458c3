"""The daemon with a fake engine as a process of its own: `python daemon_process.py serve --bundle DIR …`.

FAKE_LOAD_SECONDS in the environment is how long the engine takes to load; with FAKE_LOAD_PANICS it panics.
"""

from __future__ import annotations

import os
from functools import partial

from fake_engine import FakeLoader

from briefd_server import cli, daemon

if __name__ == "__main__":
    loader = FakeLoader(float(os.environ.get("FAKE_LOAD_SECONDS", "0")), panics="FAKE_LOAD_PANICS" in os.environ)
    daemon.Daemon = partial(daemon.Daemon, load=loader)  # type: ignore[misc,assignment]
    cli.main()
