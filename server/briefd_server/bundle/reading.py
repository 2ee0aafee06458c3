"""Bundles on disk: a directory that is exactly what its manifest says."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from briefd_server.bundle.fields import MANIFEST_NAME
from briefd_server.bundle.manifest import (
    MAX_MANIFEST_BYTES,
    FileEntry,
    Manifest,
    encode_manifest,
    parse_manifest,
)
from briefd_server.errors import BundleError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose files were checked.

    `digest` is `sha256:` and the SHA-256 of `bundle.json`; `size_bytes` counts every file that is there, the manifest
    included; `variants` are those whose file is there, at least one of them other than the baseline.
    """

    directory: Path
    manifest: Manifest
    digest: str
    size_bytes: int
    variants: tuple[str, ...]


def read_bundle(directory: Path) -> Bundle:
    """Read a bundle and check that it holds the listed files, each inside the directory with its size and SHA-256.

    A variant may have been left out, with all files that are its alone: it is then not offered. At least one other
    than the baseline must be there.

    Raises:
        BundleError: the directory is no bundle, or one whose files are not what its manifest says.

    """
    data = _read_manifest(directory)
    manifest = parse_manifest(data)
    variants = _variants_in(directory, manifest)
    needless = _files_of(manifest, set(manifest.variants) - variants) - _files_of(manifest, variants)
    present = {
        path: entry
        for path, entry in manifest.files.items()
        if path not in needless or os.path.lexists(directory / path)
    }
    _refuse_others(directory, manifest)
    for path, entry in present.items():
        _check_file(directory, path, entry)
    return Bundle(
        directory=directory,
        manifest=manifest,
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        size_bytes=len(data) + sum(entry.size_bytes for entry in present.values()),
        variants=tuple(name for name in manifest.variants if name in variants),
    )


def write_manifest(directory: Path, manifest: Manifest) -> str:
    """Write `bundle.json` in one step, so that no reader meets half of it, and return the bundle's digest."""
    data = encode_manifest(manifest)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{MANIFEST_NAME}.", dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, directory / MANIFEST_NAME)
    except BaseException:  # an interrupt too must leave no temporary file
        Path(temporary).unlink(missing_ok=True)
        raise
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def describe_file(path: Path) -> FileEntry:
    """Measure a file for a manifest.

    Raises:
        OSError: the file cannot be read.

    """
    return FileEntry(sha256=_sha256(path), size_bytes=path.stat().st_size)


def _read_manifest(directory: Path) -> bytes:
    path = directory / MANIFEST_NAME
    try:
        _check_place(directory, MANIFEST_NAME)
        with path.open("rb") as file:
            return file.read(MAX_MANIFEST_BYTES + 1)
    except (OSError, RuntimeError) as error:
        raise BundleError(
            f"{directory} is no bundle: its {MANIFEST_NAME} cannot be read ({_reason(error)}); "
            "give the directory that `brief-build` wrote"
        ) from None


def _variants_in(directory: Path, manifest: Manifest) -> set[str]:
    found = {name for name, variant in manifest.variants.items() if os.path.lexists(directory / variant.file)}
    # Without any form they are all wanted, so that the missing file is named.
    return found if found & manifest.forms else found | manifest.forms


def _files_of(manifest: Manifest, variants: set[str]) -> set[str]:
    return {path for name in variants for path in manifest.variants[name].files}


def _refuse_others(directory: Path, manifest: Manifest) -> None:
    """Raise where a file is there that the manifest does not list.

    A model may name further files to be loaded with it (ONNX external data): what is not listed was not checked.
    """
    known = {os.path.realpath(directory / path) for path in (MANIFEST_NAME, *manifest.files)}
    for folder, _, names in os.walk(directory, onerror=_refuse_folder):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.realpath(path) not in known:
                raise BundleError(f"{path}: is not listed in {MANIFEST_NAME}; move it out of the bundle")


def _refuse_folder(error: OSError) -> None:
    raise BundleError(f"{error.filename}: cannot be read ({_reason(error)}); install the bundle again")


def _check_file(directory: Path, path: str, entry: FileEntry) -> None:
    file = directory / path
    try:
        _check_place(directory, path)
        size_bytes = file.stat().st_size
        if size_bytes != entry.size_bytes or _sha256(file) != entry.sha256:
            raise BundleError(f"{file}: is not the file that {MANIFEST_NAME} lists; install the bundle again")
    except (OSError, RuntimeError) as error:
        raise BundleError(f"{file}: cannot be read ({_reason(error)}); install the bundle again") from None


def _check_place(directory: Path, path: str) -> None:
    file = (directory / path).resolve(strict=True)
    if not file.is_relative_to(directory.resolve()):
        raise BundleError(f"{directory / path}: leads out of the bundle; put the file itself into the bundle")
    if not stat.S_ISREG(file.stat().st_mode):
        raise BundleError(f"{directory / path}: must be a regular file; install the bundle again")


def _reason(error: Exception) -> str:
    # Before Python 3.13 a loop of links is a RuntimeError.
    return (error.strerror if isinstance(error, OSError) else None) or "a loop of links"


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
