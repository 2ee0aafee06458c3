"""A directory that appears whole, in one step, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_build.errors import BuildError
from briefd_server.bundle import MANIFEST_NAME, parse_manifest
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator


def check_replaceable(directory: Path) -> None:
    """Refuse a directory that holds anything but one bundle.

    Raises:
        BuildError: something else is there, which replacing would lose.

    """
    if not directory.exists():
        return
    if not directory.is_dir():
        raise BuildError(f"{directory} is a file; name a directory for --out")
    found = {path.relative_to(directory).as_posix() for path in directory.rglob("*") if not path.is_dir()}
    if found and not found <= _files_of_bundle(directory):
        raise BuildError(f"{directory} holds other files than a bundle's; name an empty or a new directory for --out")


@contextmanager
def replaced(directory: Path) -> Iterator[Path]:
    """Give an empty directory beside `directory`, which takes its place once the block ends well.

    Raises:
        BuildError: nothing can be written there.

    """
    directory = directory.resolve()
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    except OSError as error:
        raise BuildError(f"{directory} cannot be made ({error.strerror}); name another --out") from error
    try:
        made = workplace / "new"
        made.mkdir()
        yield made
        check_replaceable(directory)
        _exchange(made, directory, workplace / "old")
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _exchange(made: Path, directory: Path, old: Path) -> None:
    """Move `made` to `directory`; what is there is moved out of the way first, and back where that fails."""
    if not directory.exists():
        os.replace(made, directory)
        return
    os.replace(directory, old)
    try:
        os.replace(made, directory)
    except BaseException:
        os.replace(old, directory)
        raise


def _files_of_bundle(directory: Path) -> set[str]:
    try:
        manifest = parse_manifest((directory / MANIFEST_NAME).read_bytes())
    except (OSError, BundleError):
        return set()
    return {MANIFEST_NAME, *manifest.files}
