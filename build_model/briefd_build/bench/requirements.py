"""What a bench needs of the machine."""

from __future__ import annotations

from briefd_build.errors import BuildError

PROCESS_BYTES = 150e6
"""A process with its libraries; PyTorch's are the biggest."""
_GIGABYTE = 1e9


def check_room(what: str, needed: float, free: float, remedy: str) -> None:
    """Refuse what would not fit, before anything is loaded; raises `BuildError`."""
    if needed > free:
        raise BuildError(
            f"the bench needs about {needed / _GIGABYTE:.1f} GB of {what}, and {free / _GIGABYTE:.1f} GB are free; "
            + remedy
        )
