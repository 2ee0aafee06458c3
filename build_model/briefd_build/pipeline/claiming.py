"""The folder of a run is one run's, of one recipe on one model, at one time."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefd_build.corpora.sources import digest_corpora
from briefd_build.errors import BuildError
from briefd_build.folder import BuildFolder, digest_file, digest_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_build.pipeline.recipe import Recipe

_JUDGING = ("description", "gates")


@contextmanager
def claimed(folder: Path, recipe: Recipe, thread_count: int, data: Path | None) -> Iterator[None]:
    """Hold the folder of a run, made where it is not there.

    Args:
        folder: of the run.
        recipe: that is run.
        thread_count: that it runs on.
        data: the corpora's directory where one is named; None: the public ones.

    Raises:
        BuildError: it holds the stages of another run, or one is under way there.

    """
    files = BuildFolder(folder)
    files.make()
    with _alone_in(folder):
        files.claim(made_by(recipe, thread_count, data))
        yield


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BuildError(f"a run is under way in {folder}; wait for it, or name another --build") from None
        yield
    finally:
        os.close(descriptor)


def made_by(recipe: Recipe, thread_count: int, data: Path | None) -> dict[str, Any]:
    """Tell everything that decides what a run's stages leave; sums are made in other orders on other thread counts."""
    source = _digest(Path(recipe.source))
    named: dict[str, Any] = {}
    if data:
        named["data_directory"] = {"path": str(data.resolve()), "corpora": digest_corpora(data)}
    files = (Path(value) for value in recipe.data.values() if isinstance(value, str))
    if digests := {str(file): digest_file(file) for file in files if file.is_file()}:
        named |= {"data_files": digests}
    return {"recipe": without_judging(recipe.to_json()), "threads": thread_count, "source": source, **named}


def without_judging(recipe: dict[str, Any]) -> dict[str, Any]:
    """Leave out of a recipe's table what judges its stages' results and changes nothing of them."""
    return {key: value for key, value in recipe.items() if key not in _JUDGING}


def _digest(source: Path) -> str | None:
    """Digest the files of a model's directory; a hub name's are fetched once."""
    return digest_files(source) if source.is_dir() else None
