"""What briefd knows of each language, as data: the folder `<tag>/`, one TOML table a subject.

A row of a table is a text of words between blanks, or a list where entries hold blanks or need an order of their own.
Code asks for rows by what they are for, and never spells a word of a language itself.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib import resources
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@cache
def read_table(language: str, name: str) -> dict[str, Any]:
    """Read `<language>/<name>.toml`, once a process.

    Raises:
        FileNotFoundError: the language has no such table.
    """
    table = resources.files(__name__) / language / f"{name}.toml"
    rows: dict[str, Any] = tomllib.loads(table.read_text(encoding="utf-8"))
    return rows


@cache
def read_words(language: str, name: str) -> dict[str, frozenset[str]]:
    """Read a table of which every row is a set of words or phrases, lower case."""
    return {row: frozenset(_entries(value)) for row, value in read_table(language, name).items()}


def _entries(value: str | list[str]) -> list[str]:
    return value.split() if isinstance(value, str) else value
