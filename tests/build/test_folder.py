"""The folder of a build: a stage's file is there whole, or not at all."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
import torch

from briefd_build.errors import BuildError
from briefd_build.folder import MADE_BY, BuildFolder, staged

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    folder = BuildFolder(tmp_path)
    assert not folder.has("relations.json")
    folder.write_json("relations.json", ["nsubj", "é"])
    folder.write_weights("w.safetensors", {"a": torch.arange(3.0)})
    assert folder.has("relations.json")
    assert folder.read_json("relations.json") == ["nsubj", "é"]
    assert folder.read_weights("w.safetensors")["a"].tolist() == [0.0, 1.0, 2.0]


def test_an_interrupted_stage_leaves_what_was_there(tmp_path: Path) -> None:
    folder = BuildFolder(tmp_path)
    folder.write_text("a.txt", "old")
    with suppress(KeyboardInterrupt), staged(tmp_path / "a.txt") as partial:
        partial.write_text("ne")
        raise KeyboardInterrupt
    assert (tmp_path / "a.txt").read_text() == "old"
    folder.write_text("a.txt", "new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    (tmp_path / MADE_BY).write_text("{")
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(BuildError, match="holds the stages of another build"):
        BuildFolder(tmp_path).claim({"seed": 1})
