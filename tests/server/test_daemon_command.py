"""The `briefd` command, as far as it goes without a daemon."""

from __future__ import annotations

import errno
import resource

import pytest
from click.testing import CliRunner

from briefd_server import cli
from briefd_server.config import SETTINGS, flag_name


def test_help_tells_every_setting_and_exit_code() -> None:
    page = CliRunner().invoke(cli.cli, ["serve", "--help"]).output
    assert all(flag_name(key) in page for key in SETTINGS)
    assert "Default: 262144" in " ".join(page.split())
    assert "3 the start failed" in " ".join(page.split())


def test_version() -> None:
    assert CliRunner().invoke(cli.cli, ["--version"]).output == "briefd, version 0.1.0\n"


def test_a_missing_extra_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == "onnxruntime" else object())
    result = CliRunner().invoke(cli.cli, ["serve"])
    assert result.exit_code == 3
    assert result.output == "briefd: not installed: onnxruntime; run: pip install 'briefd[server]'\n"


def test_an_empty_value_is_not_overlooked() -> None:
    result = CliRunner().invoke(cli.cli, ["serve", "--bundle", ""])
    assert result.exit_code == 2
    assert "--bundle: give a name or a directory" in result.output


def test_too_few_descriptors_are_told_before_grpc_aborts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (12, 4096))
    result = CliRunner().invoke(cli.cli, ["serve"])
    assert result.exit_code == 3
    assert result.output.startswith("briefd: only 12 files may be open, and 32 are needed; raise the limit")


def test_a_start_that_the_system_refuses_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(read_config: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(cli, "_serve", refuse)
    result = CliRunner().invoke(cli.cli, ["serve"])
    assert (result.exit_code, result.output) == (3, "briefd: the start failed: [Errno 24] Too many open files\n")
