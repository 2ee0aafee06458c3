"""What the integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving import DaemonProcess

from briefd_client import Client


@pytest.fixture
def client(daemon: DaemonProcess) -> Iterator[Client]:
    """Give a client of the test module's own daemon."""
    with Client(daemon.address) as connected:
        yield connected
