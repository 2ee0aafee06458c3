"""A directory that appears whole, in one step, or not at all."""

from __future__ import annotations

import errno
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


_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


def check_replaceable(directory: Path) -> None:
    """Refuse a directory that can't be made, and one that holds anything but one bundle.

    Raises:
        BuildError: it can't be made or replaced, or something is there that replacing would lose.

    """
    check_makeable(directory)
    if not directory.exists():
        return
    if not directory.is_dir():
        raise BuildError(f"{directory} is a file; name a directory for --out")
    kept = _files_of_bundle(directory)
    files = (path for path in directory.rglob("*") if not path.is_dir())
    # The first one decides: somebody's whole home directory may be there.
    if any(path.relative_to(directory).as_posix() not in kept for path in files):
        raise BuildError(f"{directory} holds other files than a bundle's; name an empty or a new directory for --out")


def check_makeable(directory: Path) -> None:
    """Refuse a directory that can't be made, before the work whose result shall go there.

    Raises:
        BuildError: a disk is mounted there, or what is above it is not writable or no directory.

    """
    # No other directory can take its place.
    if directory.is_mount():
        raise BuildError(f"{directory} is where a disk is mounted; name a directory in it for --out")
    above = next(each for each in directory.resolve().parents if each.exists())
    if not above.is_dir():
        raise BuildError(f"{directory} cannot be made: {above} is a file; name another --out")
    if not os.access(above, os.W_OK | os.X_OK):
        raise BuildError(f"{directory} cannot be made: {above} is not writable; name another --out")


@contextmanager
def replaced(directory: Path) -> Iterator[Path]:
    """Give an empty directory beside `directory`, which takes its place once the block ends well.

    Raises:
        BuildError: nothing can be written there, or the disk is full.

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
    except OSError as error:
        if error.errno in _FULL_DISK:
            raise BuildError(f"the disk of {directory.parent} is full; make room, or name another --out") from error
        raise
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _exchange(made: Path, directory: Path, old: Path) -> None:
    """Move `made` to `directory`; what is there is moved out of the way first, and back where that fails."""
    if directory.exists():
        os.replace(directory, old)
    try:
        os.replace(made, directory)
    except BaseException:  # an interrupt too must not leave the old directory out of its place
        if old.exists():
            os.replace(old, directory)
        raise


def _files_of_bundle(directory: Path) -> set[str]:
    try:
        manifest = parse_manifest((directory / MANIFEST_NAME).read_bytes())
    except (OSError, BundleError):
        return set()
    return {MANIFEST_NAME, *manifest.files}
