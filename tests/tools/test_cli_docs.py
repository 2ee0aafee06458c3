"""The generator of docs/cli.md finds subcommands and notices what has drifted."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "cli_docs.py"

PAGE = """Usage: tool [OPTIONS] COMMAND

  Does things.

Options:
  --help  Show this message and exit.

Commands:
  build  Makes a thing, and
         says so.
  check-all  Looks at it.

  Exit codes:
    0  All is well.
"""


@pytest.fixture(scope="module")
def cli_docs() -> ModuleType:
    specification = importlib.util.spec_from_file_location("cli_docs", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_subcommands_are_those_of_the_commands_part(cli_docs: ModuleType) -> None:
    assert cli_docs.subcommand_names(PAGE) == ["build", "check-all"]


def test_a_page_without_commands_has_no_subcommands(cli_docs: ModuleType) -> None:
    assert cli_docs.subcommand_names("Usage: tool\n\nOptions:\n  --help  Show this.\n") == []


def test_help_text_does_not_depend_on_the_terminal(cli_docs: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = set()
    for columns in ("40", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        pages.add(cli_docs.help_text([Path(sys.executable).name, "-m", "pip"]))
    assert len(pages) == 1


def test_a_command_that_fails_is_named(cli_docs: ModuleType) -> None:
    with pytest.raises(SystemExit, match="no_such_module"):
        cli_docs.help_text([Path(sys.executable).name, "-m", "no_such_module"])


def test_drift_is_shown_with_what_to_do(cli_docs: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    document = tmp_path / "cli.md"
    document.write_text("# The commands\n--old\n", encoding="utf-8")
    monkeypatch.setattr(cli_docs, "DOCUMENT", document)
    with pytest.raises(SystemExit) as exit_information:
        cli_docs.check("# The commands\n--new\n")
    message = str(exit_information.value)
    assert "-" + "--old" in message
    assert "+" + "--new" in message
    assert "make docs" in message
