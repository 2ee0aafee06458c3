"""With what a stage was made, beside its recipe: libraries, instructions, and this program."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

from briefd_build.pipeline.environment import describe_maker

# Whose sources decide what stages leave and measure; .json: tables such as that of costs.
_PACKAGES = ("briefd", "briefd_build", "briefd_server")
_SOURCES = (".py", ".json")


@cache
def made_with() -> str:
    """Digest everything on this machine that decides what a stage leaves: SHA-256 in hexadecimal digits.

    Two stages of one recipe that were made with the same are the same, but for what was timed.
    """
    digest = hashlib.sha256(repr(describe_maker()).encode())
    for package in _PACKAGES:
        folder = Path(str(files(package)))
        for file in sorted(each for each in folder.rglob("*") if each.suffix in _SOURCES):
            digest.update(f"\n{package}/{file.relative_to(folder)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
