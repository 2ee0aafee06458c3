"""What a stage leaves in the folder of a run: the model, its bundle, what it costs, and its answers.

Each appears whole, in this order; a run that was stopped goes on with what is lacking.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from briefd_build.errors import BuildError
from briefd_build.folder import BuildFolder
from briefd_build.pipeline.results import Answer, Cost
from briefd_server.bundle import read_bundle
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_APPLIED, _CHECKED, _COST, _ANSWERS = "applied.json", "checked.json", "cost.json", "answers.json"


@dataclass(frozen=True)
class Applied:
    """What is told of a stage once its model is there.

    Attributes:
        done: what the stage did, in one line.
        seconds: that it took.
        is_float32: whether the model is exported as it is.
    """

    done: str
    seconds: float
    is_float32: bool


@dataclass(frozen=True)
class StageFolder:
    """The folder of one stage."""

    path: Path

    @property
    def model(self) -> Path:
        """Folder of the model, as its kind saved it."""
        return self.path / "model"

    @property
    def bundle(self) -> Path:
        """Directory of the bundle that was exported of it."""
        return self.path / "bundle"

    @property
    def is_measured(self) -> bool:
        """Whether nothing is left to do."""
        return self._files.has(_COST)

    @property
    def _files(self) -> BuildFolder:
        return BuildFolder(self.path)

    @property
    def _work(self) -> Path:
        return self.path / "work"

    @property
    def has_work(self) -> bool:
        """Whether a run that was stopped left checkpoints."""
        return self._work.exists() and any(self._work.iterdir())

    def make_work(self) -> Path:
        """Give a folder for checkpoints, as a run that was stopped left it."""
        self._work.mkdir(parents=True, exist_ok=True)
        return self._work

    def discard_work(self) -> None:
        """Remove the checkpoints, if there are any: hours of work, of no use only once the model took its place."""
        if self._work.exists():
            shutil.rmtree(self._work)

    @contextmanager
    def writing_model(self, applied: Applied) -> Iterator[Path]:
        """Give a folder to save the model to; it takes its place once the block ends well."""
        with _whole(self.model) as folder:
            yield folder
            self.write_applied(applied)

    @contextmanager
    def writing_bundle(self) -> Iterator[Path]:
        """Give a directory to write the bundle to; it takes its place once the block ends well."""
        with _whole(self.bundle) as directory:
            yield directory
            read_bundle(directory)

    def write_check(self, check: str) -> None:
        """Keep what was checked of the bundle; before the bundle takes its place."""
        self._files.write_json(_CHECKED, check)

    def write_measures(self, cost: Cost, answers: Sequence[Answer]) -> None:
        """Keep what was measured."""
        self._files.write_json(_ANSWERS, [asdict(each) for each in answers])
        self._files.write_json(_COST, asdict(cost))

    def remember(self, name: str, find: Callable[[], Any]) -> Any:
        """Give what was found before under this name, or find it now: JSON of what never changes once measured."""
        if not self._files.has(name):
            self._files.write_json(name, find())
        with self.reading():
            return self._files.read_json(name)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say of what is lacking or damaged, once the stage is done, how the run goes on nevertheless.

        Raises:
            BuildError: what the block reads of the stage can't be read.
        """
        try:
            yield
        except (OSError, ValueError, TypeError, KeyError, SafetensorError, BundleError) as error:
            raise BuildError(
                f"{self.path} is damaged ({type(error).__name__}: {error}); remove it, and the same command does that "
                "stage again"
            ) from error

    def read_applied(self) -> Applied:
        """Read what the stage did."""
        with self.reading():
            return Applied(**self._files.read_json(_APPLIED))

    def read_check(self) -> str:
        """Read what was checked of the bundle."""
        with self.reading():
            check: str = self._files.read_json(_CHECKED)
            return check

    def read_cost(self) -> Cost:
        """Read what the bundle takes."""
        with self.reading():
            return Cost(**self._files.read_json(_COST))

    def read_answers(self) -> list[Answer]:
        """Read the answers to the evaluation texts."""
        with self.reading():
            answers = self._files.read_json(_ANSWERS)
            return [Answer(**{**each, "expected": tuple(each["expected"])}) for each in answers]

    def take_over(self, other: StageFolder, run: str) -> None:
        """Take what a stage of another run left, and note the run's name; whole or not at all.

        Files are shared where the file system can: none is ever written again. What compares the stage with others
        stays behind.
        """
        with _whole(self.path) as folder:
            for file in (_CHECKED, _ANSWERS, _COST):
                _link(other.path / file, folder / file)
            for directory in (other.model, other.bundle):
                shutil.copytree(directory, folder / directory.name, copy_function=_link)
            applied = other.read_applied()
            StageFolder(folder).write_applied(replace(applied, done=f"{applied.done}; taken over from the run {run}"))

    def write_applied(self, applied: Applied) -> None:
        """Keep what the stage did; before the model takes its place."""
        self._files.write_json(_APPLIED, asdict(applied))

    def files_digest(self) -> str:
        """Digest the names and hashes of the bundle's model files: SHA-256 in hexadecimal digits.

        The manifest is left out: it holds timings, which no two runs have alike.
        """
        with self.reading():
            files = read_bundle(self.bundle).manifest.files
        listed = json.dumps({name: entry.sha256 for name, entry in files.items()}, sort_keys=True)
        return hashlib.sha256(listed.encode()).hexdigest()


def stage_folder(run: Path, number: int, name: str) -> StageFolder:
    """Give the folder of a run's stage; number 0 is the source's."""
    return StageFolder(run / f"{number:02d}-{name}")


def _link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # memory cards' file systems know no links
        shutil.copyfile(source, target)


@contextmanager
def _whole(directory: Path) -> Iterator[Path]:
    """Give an empty directory that takes its name once the block ends well."""
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    os.replace(partial, directory)
