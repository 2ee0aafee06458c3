"""Writes docs/cli.md, the help text of every command, or with `--check` says whether it is up to date.

The commands are the console scripts of the installed distribution; their subcommands are found in their help.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "cli.md"
HEADING = "# The commands\n\nWritten by `make docs` from the commands' own help: do not edit.\n"
# The width of a terminal, its colours and the user's defaults must not show in the text.
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("BRIEFD_")},
    "COLUMNS": "100",
    "LC_ALL": "C.UTF-8",
    "NO_COLOR": "1",
    "TERM": "dumb",
}


def script_names() -> list[str]:
    """Return the names of the console scripts that the distribution installs."""
    return sorted(script.name for script in distribution("briefd").entry_points.select(group="console_scripts"))


def help_text(command: list[str]) -> str:
    """Return what `command --help` prints."""
    program = Path(sys.executable).with_name(command[0])
    finished = subprocess.run(
        [program, *command[1:], "--help"], env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if finished.returncode != 0:
        raise SystemExit(f"`{' '.join(command)} --help` failed:\n{finished.stderr.rstrip()}")
    return "\n".join(line.rstrip() for line in finished.stdout.strip().splitlines())


def subcommand_names(help_page: str) -> list[str]:
    """Return the names that the `Commands:` part of a help page lists."""
    part = re.search(r"^Commands:\n((?:  .*\n?)+)", help_page, re.MULTILINE)
    return re.findall(r"^  (\S+)", part[1], re.MULTILINE) if part else []


def sections(command: list[str]) -> Iterator[str]:
    """Yield the section of a command, then those of its subcommands."""
    page = help_text(command)
    yield f"\n{'#' * (len(command) + 1)} `{' '.join(command)}`\n\n```text\n{page}\n```\n"
    for name in subcommand_names(page):
        yield from sections([*command, name])


def document() -> str:
    """Return the whole of docs/cli.md as it should be."""
    return HEADING + "".join(section for name in script_names() for section in sections([name]))


def check(wanted: str) -> None:
    """Exit with the difference when the committed document is not `wanted`."""
    found = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    if found != wanted:
        lines = difflib.unified_diff(
            found.splitlines(), wanted.splitlines(), "docs/cli.md", "the commands' help", n=1, lineterm=""
        )
        raise SystemExit("\n".join([*lines, "docs/cli.md is not what the commands say: run `make docs`."]))
    print("docs/cli.md is up to date.")


def main() -> None:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, and fail on a difference")
    only_check = parser.parse_args().check
    if only_check:
        check(document())
    else:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(document(), encoding="utf-8")


if __name__ == "__main__":
    main()
