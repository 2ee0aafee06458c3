"""The folder of a build: every finished stage leaves a file there, and is not done again."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from torch import Tensor

MADE_BY = "made-by.json"
_PARTIAL = ".partial"


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written takes the place of `path` once the block ends well."""
    partial = path.with_name(f"{path.name}{_PARTIAL}")
    yield partial
    os.replace(partial, path)


@dataclass(frozen=True)
class BuildFolder:
    """Files of a build, each written whole or not at all."""

    path: Path

    def make(self) -> None:
        """Make the folder where it is not there; raises `BuildError`."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BuildError(f"{self.path} cannot be made ({error.strerror}); name another --build") from error

    def claim(self, made_by: object) -> None:
        """Make the folder for a build, or go on with it: the stages of another build don't go together with its own.

        A folder without any whole stage is free: its build never came that far.

        Args:
            made_by: everything that decides what the build's stages are, as JSON knows it.

        Raises:
            BuildError: the folder holds another build, or can't be made.
        """
        self.make()
        left = [each for each in self.path.iterdir() if each.name != MADE_BY and each.suffix != _PARTIAL]
        if not self.has(MADE_BY) or not left:
            self.write_json(MADE_BY, made_by)
        elif (kept := self._read_made_by()) != (made_by := json.loads(json.dumps(made_by))):
            raise BuildError(
                f"{self.path} holds the stages of another build{_differing(kept, made_by)}; name another --build or "
                "remove it"
            )

    def _read_made_by(self) -> object:
        try:
            return self.read_json(MADE_BY)
        except ValueError:  # somebody's own file of this name
            return None

    def has(self, name: str) -> bool:
        """Whether a stage left this file."""
        return (self.path / name).exists()

    def write_json(self, name: str, value: object) -> None:
        """Write a JSON file."""
        self.write_text(name, json.dumps(value, indent=2) + "\n")

    def read_json(self, name: str) -> Any:
        """Read a JSON file."""
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        with staged(self.path / name) as partial:
            partial.write_text(text, encoding="utf-8")

    def write_weights(self, name: str, weights: dict[str, Tensor]) -> None:
        """Write weights as safetensors."""
        from safetensors.torch import save_file  # noqa: PLC0415 - reports are written without torch

        with staged(self.path / name) as partial:
            save_file(weights, partial)

    def read_weights(self, name: str) -> dict[str, Tensor]:
        """Read weights."""
        from safetensors.torch import load_file  # noqa: PLC0415 - likewise

        return load_file(self.path / name)


def digest_files(directory: Path) -> str:
    """Digest the names and contents of a directory's own files: SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(each for each in directory.iterdir() if each.is_file()):
        digest.update(f"{file.name} {digest_file(file)}\n".encode())
    return digest.hexdigest()


def digest_file(file: Path) -> str:
    """Digest a file of any size: SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _differing(kept: object, wanted: object) -> str:
    """Name in brackets the keys in which two tables differ, where they are tables."""
    if not isinstance(kept, dict) or not isinstance(wanted, dict):
        return ""
    return f" (other {', '.join(key for key in {**wanted, **kept} if kept.get(key) != wanted.get(key))})"
