"""The directory of the corpora: one that is at hand, or a cache that is filled from the public sources."""

from __future__ import annotations

import gzip
import hashlib
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import urlopen

from briefd_build.corpora.unlabelled import UNLABELLED_FOLDER, unlabelled_files
from briefd_build.errors import BuildError
from briefd_build.folder import digest_file, staged
from briefd_build.provenance import EDITED_SOURCES, TRAINING_SOURCES, EditedSource, PublicFile, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SHARED_DATA = Path("../shared/data")
_PUBLIC_FILES = "https://raw.githubusercontent.com"
_TIMEOUT_SECONDS = 60.0
_NOT_FOUND = 404


def find_data(data: Path | None, cache: Path, report: Callable[[str, float], None]) -> Path:
    """Find the corpora that the builder reads.

    Args:
        data: a directory that is to be used as it is; None for `../shared/data` where that exists, else the cache.
        cache: directory that lacking files are fetched into.
        report: called with what is being fetched and the share of the files that is done, 0 to 1.

    Returns:
        A directory with every file that the builder reads.

    Raises:
        BuildError: files are lacking, can't be fetched, or are not the ones this builder was made with.
    """
    if data is None and SHARED_DATA.is_dir():
        data = SHARED_DATA
    if data is None:
        fill_cache(cache, report)
        return cache
    if lacking := _lacking(data):
        raise BuildError(f"{data} lacks {', '.join(lacking)}; copy what is lacking there, or name another directory")
    return data


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Directory of fetched corpora, by the XDG Base Directory Specification."""
    cache_home = environ.get("XDG_CACHE_HOME", "")
    return (Path(cache_home) if cache_home.startswith("/") else Path.home() / ".cache") / "briefd" / "data"


def fill_cache(
    cache: Path,
    report: Callable[[str, float], None],
    sources: Iterable[Source] = TRAINING_SOURCES,
    edited_sources: Iterable[EditedSource] = EDITED_SOURCES,
    public_files: str = _PUBLIC_FILES,
) -> None:
    """Fetch the files that a cache lacks, each written whole, and only when its hash is right.

    Args:
        cache: the directory to fill.
        report: as for `find_data`.
        sources: the corpora to fetch.
        edited_sources: the corpora that must be there, because they can't be fetched.
        public_files: address under which a file is found by its repository, revision and path.

    Raises:
        BuildError: a file is not to be had, or is not the expected one.
    """
    for edited in edited_sources:
        if not all((cache / edited.folder / name).is_file() for name in edited.names):
            raise BuildError(
                f"{edited.folder} was edited out of {edited.repository} and can't be fetched: copy the folder of that "
                f"name to {cache}, or name a data directory that holds it with --data"
            )
    wanted = [(source, file) for source in sources for file in source.files]
    for number, (source, file) in enumerate(wanted):
        report(f"fetching {source.folder}/{file.name}", number / len(wanted))
        if not (target := cache / source.folder / file.name).is_file():
            content = _fetch(f"{public_files}/{source.repository}", file)
            target.parent.mkdir(parents=True, exist_ok=True)
            with staged(target) as partial:
                partial.write_bytes(gzip.compress(content, mtime=0))


def digest_corpora(data: Path) -> str:
    """Digest the files in a directory that the builder reads: SHA-256 in hexadecimal digits."""
    digest = hashlib.sha256()
    for name in [*_files(), *sorted(f"{UNLABELLED_FOLDER}/{each.name}" for each in unlabelled_files(data))]:
        if (data / name).is_file():
            digest.update(f"{name} {digest_file(data / name)}\n".encode())
    return digest.hexdigest()


def _lacking(data: Path) -> list[str]:
    return [name for name in _files() if not (data / name).is_file()]


def _files() -> list[str]:
    fetched = [f"{source.folder}/{file.name}" for source in TRAINING_SOURCES for file in source.files]
    return fetched + [f"{source.folder}/{name}" for source in EDITED_SOURCES for name in source.names]


def _fetch(repository: str, file: PublicFile) -> bytes:
    """Fetch the first revision of a file whose extract has the right hash."""
    for revision in file.revisions:
        published = _download(f"{repository}/{revision}/{quote(file.path)}")
        if published is not None:
            content = file.extract(published.decode("utf-8", errors="replace")).encode("utf-8")
            if hashlib.sha256(content).hexdigest() == file.sha256:
                return content
    raise BuildError(
        f"{repository} has {file.path} at none of {', '.join(file.revisions)} as this builder knows it; "
        f"copy a data directory and name it with --data"
    )


def _download(address: str) -> bytes | None:
    """Download a file; None where there is no such file."""
    try:
        with urlopen(address, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - the address is of the table's own
            content: bytes = response.read()
            return content
    except HTTPError as error:
        error.close()
        if error.code == _NOT_FOUND:
            return None
        raise _unavailable(address, f"status {error.code}") from error
    except (OSError, HTTPException) as error:
        raise _unavailable(address, type(error).__name__) from error


def _unavailable(address: str, why: str) -> BuildError:
    return BuildError(
        f"can't fetch {address} ({why}); connect to the network, or name a data directory that is at hand with --data"
    )
