"""The `briefd` command, as far as it goes without a daemon."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from briefd_server import cli
from briefd_server.config import SETTINGS, flag_name


def test_help_tells_every_setting_and_exit_code() -> None:
    page = CliRunner().invoke(cli.main, ["serve", "--help"]).output
    assert all(flag_name(key) in page for key in SETTINGS)
    assert "Default: 262144" in " ".join(page.split())
    assert "3 the start failed" in " ".join(page.split())


def test_version() -> None:
    assert CliRunner().invoke(cli.main, ["--version"]).output == "briefd, version 0.1.0\n"


def test_a_missing_extra_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "find_spec", lambda name: None if name == "onnxruntime" else object())
    result = CliRunner().invoke(cli.main, ["serve"])
    assert result.exit_code == 3
    assert result.output == "briefd: not installed: onnxruntime; run: pip install 'briefd[server]'\n"


def test_an_empty_value_is_not_overlooked() -> None:
    result = CliRunner().invoke(cli.main, ["serve", "--bundle", ""])
    assert result.exit_code == 2
    assert "--bundle: give a name or a directory" in result.output
