"""A bundle's directory appears whole or not at all, and never takes the place of anything but a bundle."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bundle_factory import make_bundle

from briefd_build.errors import BuildError
from briefd_build.generative.replacing import check_replaceable, replaced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def make_empty(directory: Path) -> None:
    directory.mkdir()


@pytest.mark.parametrize("prepare", [lambda _: None, make_empty, make_bundle], ids=["new", "empty", "bundle"])
def test_what_was_made_takes_the_place(prepare: Callable[[Path], object], tmp_path: Path) -> None:
    prepare(tmp_path / "out")
    with replaced(tmp_path / "out") as made:
        (made / "file").write_text("new")
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["file"]
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o777 & ~current_umask()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_directories_above_are_made(tmp_path: Path) -> None:
    with replaced(tmp_path / "a" / "b" / "out") as made:
        (made / "file").write_text("new")
    assert names(tmp_path / "a" / "b") == ["out"]


@pytest.mark.parametrize("error", [BuildError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_what_was_there(error: type[BaseException], tmp_path: Path) -> None:
    make_bundle(tmp_path / "out")
    before = names(tmp_path / "out")

    with pytest.raises(error):
        write_then_fail(tmp_path / "out", error())
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == before


def test_the_old_bundle_is_back_where_the_new_one_cannot_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_bundle(tmp_path / "out")
    before = names(tmp_path / "out")
    really_replace = os.replace

    def fail_for_new(source: Path, target: Path) -> None:
        if source.name == "new":
            raise OSError("no")
        really_replace(source, target)

    monkeypatch.setattr(os, "replace", fail_for_new)
    with pytest.raises(OSError, match="no"), replaced(tmp_path / "out"):
        pass
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == before


def with_notes(directory: Path) -> None:
    (make_bundle(directory) / "notes.txt").write_text("mine")


def with_broken_manifest(directory: Path) -> None:
    (make_bundle(directory) / "bundle.json").write_text("{}")


def with_somebodys_files(directory: Path) -> None:
    (directory / "photos").mkdir(parents=True)
    (directory / "photos" / "1.jpg").write_text("mine")


@pytest.mark.parametrize("prepare", [with_notes, with_broken_manifest, with_somebodys_files])
def test_other_files_are_not_replaced(prepare: Callable[[Path], None], tmp_path: Path) -> None:
    prepare(tmp_path / "out")
    with pytest.raises(BuildError, match=r"holds other files than a bundle's; name an empty or a new directory"):
        check_replaceable(tmp_path / "out")


def test_files_that_came_while_the_bundle_was_made_are_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="holds other files"), replaced(tmp_path / "out"):
        with_somebodys_files(tmp_path / "out")
    assert names(tmp_path / "out") == ["photos"]


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(BuildError, match=r"is a file; name a directory for --out"):
        check_replaceable(tmp_path / "out")


def test_a_mounted_disk_cannot_be_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    check_replaceable(tmp_path / "out")
    with pytest.raises(BuildError, match=r"is where a disk is mounted; name a directory in it for --out"):
        check_replaceable(tmp_path)


@pytest.mark.parametrize("out", ["out", "a/b/out"])
def test_a_place_without_the_right_to_write_is_refused_before_anything_is_made(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    with pytest.raises(BuildError, match=rf"{out} cannot be made: {tmp_path} is not writable; name another --out"):
        check_replaceable(tmp_path / out)


def test_a_place_below_a_file_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BuildError, match=r"out cannot be made: .*file is a file; name another --out"):
        check_replaceable(tmp_path / "file" / "out")


def test_of_many_other_files_one_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_somebodys_files(tmp_path)
    photo = tmp_path / "photos" / "1.jpg"

    def list_one(directory: Path, _: str) -> Iterator[Path]:
        yield photo
        pytest.fail("all files are listed")

    monkeypatch.setattr(Path, "rglob", list_one)
    with pytest.raises(BuildError, match="holds other files"):
        check_replaceable(tmp_path)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_runs_full_is_one_line_and_leaves_nothing(number: int, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"the disk of .* is full; make room, or name another --out"):
        write_then_fail(tmp_path / "out", OSError(number, "full"))
    assert names(tmp_path) == []


def test_other_errors_of_the_system_are_shown_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="broken"):
        write_then_fail(tmp_path / "out", OSError(errno.EIO, "broken"))


def write_then_fail(directory: Path, error: BaseException) -> None:
    with replaced(directory) as made:
        (made / "half").write_text("half")
        raise error


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(BuildError, match=r"cannot be made \(File exists\); name another --out"),
        replaced(tmp_path / "file" / "out"),
    ):
        pass
