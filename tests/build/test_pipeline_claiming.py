"""The folder of a run: one run's at one time, and that of what decides its stages."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from briefd_build.errors import BuildError
from briefd_build.folder import MADE_BY
from briefd_build.pipeline.claiming import claimed
from briefd_build.pipeline.recipe import Recipe


def make_recipe(seed: int = 1) -> Recipe:
    return Recipe("small", "classification", seed=seed, model={"source": "a/name-on-the-hub"})


def stop_after_a_stage(folder: Path) -> None:
    (folder / "00-source").mkdir()
    raise KeyboardInterrupt


def test_a_folder_that_a_run_holds_is_not_claimed(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(BuildError, match="a run is under way in"), claimed(tmp_path, make_recipe(), 1, None):
            pass
        assert not list(tmp_path.iterdir())
    finally:
        os.close(descriptor)
    with claimed(tmp_path, make_recipe(), 1, None):
        assert (tmp_path / MADE_BY).exists()


def test_a_run_that_is_over_holds_its_folder_no_longer(tmp_path: Path) -> None:
    folder = tmp_path / "runs/small"
    with pytest.raises(KeyboardInterrupt), claimed(folder, make_recipe(), 1, None):
        stop_after_a_stage(folder)
    with claimed(folder, make_recipe(), 1, None):
        pass
    with (
        pytest.raises(BuildError, match="holds the stages of another build"),
        claimed(folder, make_recipe(seed=2), 1, None),
    ):
        pass


def test_a_file_of_data_that_changed_is_another_run(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("{}")
    recipe = Recipe("small", "generative", model={"source": "a/name-on-the-hub"}, data={"pairs": str(pairs)})
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path / "run", recipe, 1, None):
        stop_after_a_stage(tmp_path / "run")
    with claimed(tmp_path / "run", recipe, 1, None):
        pass
    pairs.write_text("{ }")
    with (
        pytest.raises(BuildError, match=r"holds the stages of another build \(other data_files\)"),
        claimed(tmp_path / "run", recipe, 1, None),
    ):
        pass


def test_what_is_blocked_inside_a_run_is_not_taken_for_another_run(tmp_path: Path) -> None:
    with pytest.raises(BlockingIOError), claimed(tmp_path, make_recipe(), 1, None):
        raise BlockingIOError


def test_other_data_are_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), claimed(folder, make_recipe(), 1, Path("corpora")):
        stop_after_a_stage(folder)
    with claimed(folder, make_recipe(), 1, tmp_path / "other/../corpora"):
        pass
    for other in (tmp_path / "other", None):
        with pytest.raises(BuildError) as refused, claimed(folder, make_recipe(), 1, other):
            pass
        assert str(refused.value) == (
            f"{folder} holds the stages of another build (other data_directory); name another --build or remove it"
        )


def test_all_that_differs_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claimed(tmp_path, make_recipe(), 1, None):
        stop_after_a_stage(tmp_path)
    with (
        pytest.raises(BuildError, match=r"of another build \(other recipe, threads\); name another --build"),
        claimed(tmp_path, make_recipe(seed=2), 2, None),
    ):
        pass


def test_corpora_that_changed_are_other_data(tmp_path: Path) -> None:
    folder, corpus = tmp_path / "run", tmp_path / "data/gov_posts/train.jsonl.gz"
    corpus.parent.mkdir(parents=True)
    corpus.write_text("posts")
    with pytest.raises(KeyboardInterrupt), claimed(folder, make_recipe(), 1, tmp_path / "data"):
        stop_after_a_stage(folder)
    with claimed(folder, make_recipe(), 1, tmp_path / "data"):
        pass
    corpus.write_text("other posts")
    with (
        pytest.raises(BuildError, match=r"another build \(other data_directory\)"),
        claimed(folder, make_recipe(), 1, tmp_path / "data"),
    ):
        pass
