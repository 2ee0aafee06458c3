"""The `brief-build` command: a mistake is one line on standard error that states the fix."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import click
import pytest
from bundle_factory import make_bundle
from tiny_corpus import write_corpus

from briefd_build import cli
from briefd_build.cli.common import progress


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["brief-build", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize("command", [[], ["run"], ["evaluate"], ["proof-read"]])
def test_help_needs_neither_data_nor_model(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *command, "--help") == 0
    assert "Usage: " in capsys.readouterr().out


def assert_one_line(text: str, *parts: str) -> None:
    last = text.strip().splitlines()[-1]
    assert last.startswith("brief-build: ")
    assert all(part in last for part in parts)
    assert "Traceback" not in text


def test_incomplete_data_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(tmp_path / "data")
    (tmp_path / "data/gum/test.conllu.gz").unlink()
    make_bundle(tmp_path / "bundle")
    assert run(monkeypatch, "evaluate", str(tmp_path / "bundle"), "--data", str(tmp_path / "data")) == 1
    assert_one_line(capsys.readouterr().err, "lacks gum/test.conllu.gz", "copy what is lacking")


def test_a_bundle_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bundle").mkdir()
    assert run(monkeypatch, "evaluate", str(tmp_path / "bundle"), "--data", str(tmp_path)) == 1
    assert_one_line(capsys.readouterr().err, "is no bundle")


def test_a_bundle_whose_engine_parameters_are_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(tmp_path / "data")
    make_bundle(tmp_path / "bundle")
    assert run(monkeypatch, "evaluate", str(tmp_path / "bundle"), "--data", str(tmp_path / "data")) == 1
    assert_one_line(capsys.readouterr().err, "bad engine parameters", "rebuild it")


def test_a_base_that_is_none_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpus(tmp_path / "data")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    source = f"model.source={tmp_path / 'empty'}"
    assert run(monkeypatch, "run", "default-en", "--data", str(tmp_path / "data"), "--set", source) == 1
    assert_one_line(capsys.readouterr().err, "has no model.safetensors", "name a directory that has one")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "No space left on device; make room"),
        (errno.EACCES, "Permission denied; give the right to, or name another place"),
        (errno.EROFS, "Read-only file system; name another place"),
    ],
)
def test_what_the_system_refuses_is_one_line(
    number: int, remedy: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(cli.cli.commands, "report", _failing(OSError(number, "as the library says", "/models/a")))
    assert run(monkeypatch, "report") == 1
    assert capsys.readouterr().err == f"brief-build: /models/a: {remedy}\n"


def test_a_bar_goes_where_the_work_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as report:
        report("reading", 1.0)
    assert "reading" in capsys.readouterr().err

    def fail() -> None:
        with progress() as report:
            report("reading", 0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert capsys.readouterr().err == ""


def test_a_mistake_of_ours_is_shown_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cli.cli.commands, "report", _failing(FileNotFoundError(errno.ENOENT, "none", "ours")))
    monkeypatch.setattr(sys, "argv", ["brief-build", "report"])
    with pytest.raises(FileNotFoundError):
        cli.main()


def _failing(error: OSError) -> click.Command:
    @click.command()
    def fail() -> None:
        raise error

    return fail


def test_no_library_says_what_it_is_about() -> None:
    script = """
import contextlib, logging, sys
from briefd_build import cli
sys.argv = ["brief-build", "recipes", "default-en"]
with contextlib.suppress(SystemExit):
    cli.main()
import onnxruntime.quantization.matmul_nbits_quantizer
logging.getLogger("library").info("about this")
logging.getLogger("library").warning("mind that")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "mind that\n"
