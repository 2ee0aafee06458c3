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
from briefd_build.folder import BuildFolder, digest_files
from briefd_build.pipeline.made_with import made_with
from briefd_build.pipeline.results import Answer, Cost
from briefd_server.bundle import read_bundle
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_APPLIED, _CHECKED, _COST, _ANSWERS = "applied.json", "checked.json", "cost.json", "answers.json"
TAKEN_OVER = "taken over from the run"
"""In what is told of a stage that another run did; that run's name follows."""


@dataclass(frozen=True)
class Applied:
    """What is told of a stage once its model is there.

    Attributes:
        done: what the stage did, in one line.
        seconds: that it took.
        is_float32: whether the model is exported as it is.
        made_with: see there; empty where the stage was measured with something else.
        model_digest: of the model's files.
    """

    done: str
    seconds: float
    is_float32: bool
    made_with: str = ""
    model_digest: str = ""


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
            self.write_applied(replace(applied, made_with=made_with(), model_digest=digest_files(folder)))

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
        if (applied := self.read_applied()).made_with != made_with():
            self.write_applied(replace(applied, made_with=""))
        self._files.write_json(_ANSWERS, [asdict(each) for each in answers])
        self._files.write_json(_COST, asdict(cost))

    def remember(self, name: str, compared: str, find: Callable[[], Any]) -> Any:
        """Give what was found before under this name of the same things that were compared, or find it now: JSON."""
        if self._files.has(name):
            with self.reading():
                kept = self._files.read_json(name)
                # Comparisons of earlier releases don't say what they compared.
                if kept.get("compared") == compared:
                    return kept["found"]
        self._files.write_json(name, {"compared": compared, "found": find()})
        return self._files.read_json(name)["found"]

    def answers_digest(self) -> str:
        """Digest the answers: SHA-256 in hexadecimal digits."""
        with self.reading():
            return hashlib.sha256((self.path / _ANSWERS).read_bytes()).hexdigest()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say of what can't be read, once the stage is done, how the run goes on nevertheless.

        Raises:
            BuildError: what the block reads of the stage can't be read.
        """
        try:
            yield
        except (OSError, ValueError, TypeError, AttributeError, KeyError, SafetensorError, BundleError) as error:
            raise BuildError(
                f"{self.path} can't be read ({type(error).__name__}: {error}); if it is damaged, remove it: the same "
                "command does that stage again"
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

    @property
    def made_with(self) -> str:
        """What the whole stage was made with (see `made_with`); empty where that changed, or it is not whole."""
        try:
            return self.read_applied().made_with if self.is_measured else ""
        except BuildError:
            return ""

    def size_bytes(self) -> int:
        """Tell how much disk the stage takes."""
        return sum(each.stat().st_size for each in self.path.rglob("*") if each.is_file())

    def take_over(self, other: StageFolder, run: str) -> None:
        """Copy what a stage of another run left, and note the run's name; whole or not at all.

        What compares the stage with others stays behind.

        Raises:
            BuildError: the other stage is damaged.
            OSError: it can't be copied.
        """
        applied = other.read_applied()
        with _whole(self.path) as folder:
            for file in (_CHECKED, _ANSWERS, _COST):
                shutil.copyfile(other.path / file, folder / file)
            for directory in (other.model, other.bundle):
                shutil.copytree(directory, folder / directory.name)
            copied = StageFolder(folder)
            copied.write_applied(replace(applied, done=f"{applied.done}; {TAKEN_OVER} {run}"))
            copied.check_whole()

    def check_whole(self) -> None:
        """Read all that is read of a stage that is done; raises `BuildError` where it is damaged."""
        for read in (self.read_check, self.read_cost, self.read_answers, self.files_digest):
            read()
        if digest_files(self.model) != self.read_applied().model_digest:
            raise BuildError(f"{self.model} is not the model that was saved")

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


@contextmanager
def _whole(directory: Path) -> Iterator[Path]:
    """Give an empty directory that takes its name once the block ends well."""
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    os.replace(partial, directory)
