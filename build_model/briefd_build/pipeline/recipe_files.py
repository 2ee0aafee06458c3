"""Where recipes are: those that ship by name, others by path."""

from __future__ import annotations

import sys
from importlib import resources
from pathlib import Path
from typing import Any

from briefd_build.errors import BuildError
from briefd_build.pipeline.parsing import nearest

_FOLDER = "recipes"


def shipped_recipes() -> list[str]:
    """List the names of the recipes that ship."""
    folder = resources.files("briefd_build") / _FOLDER
    return sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml"))


def read_recipe_text(name: str) -> str:
    """Read the TOML of a recipe that ships, or of a file.

    Raises:
        BuildError: there is no such recipe, or the file can't be read.

    """
    shipped = shipped_recipes()
    try:
        if name in shipped:
            return (resources.files("briefd_build") / _FOLDER / f"{name}.toml").read_text(encoding="utf-8")
        return Path(name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(f"{name} is neither a recipe that ships nor a file; {nearest(name, shipped)}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        raise BuildError(f"{name}: cannot be read ({reason}); name a recipe that ships, or a TOML file") from None


def read_recipe_table(name: str) -> dict[str, Any]:
    """Read a recipe's TOML.

    Raises:
        BuildError: there is no such recipe, or it is not valid TOML.

    """
    try:
        return parse_toml(read_recipe_text(name))
    except ValueError as error:
        raise BuildError(f"{place_of(name)}: not valid TOML: {' '.join(str(error).split())}") from None


def place_of(name: str) -> str:
    """Name a recipe's file in refusals."""
    return f"{Path(name).name.removesuffix('.toml')}.toml"


def parse_toml(text: str) -> dict[str, Any]:
    """Parse TOML; raises ValueError."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - of the standard library from 3.11 on
    else:
        import tomli as tomllib  # noqa: PLC0415 - likewise
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    return table
