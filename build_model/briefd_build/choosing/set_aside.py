"""Texts that nothing is trained or tuned on: they are kept for reading (`set-aside.toml`)."""

from __future__ import annotations

import sys
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_TABLE = "set-aside.toml"


def is_set_aside(source: str, identifier: str) -> bool:
    """Tell whether a text is kept for reading; `source` is `gum` or a file of `pairs`."""
    return identifier in _read_table().get(source, ())


@cache
def _read_table() -> dict[str, frozenset[str]]:
    text = (resources.files("briefd_build.choosing") / _TABLE).read_text(encoding="utf-8")
    table: dict[str, Any] = tomllib.loads(text)
    return {source: frozenset(identifiers) for source, identifiers in table.items()}
