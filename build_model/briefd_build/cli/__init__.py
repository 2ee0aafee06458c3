"""The `brief-build` command."""

from __future__ import annotations

import errno
import logging
import os
import sys

import click

from briefd_build.cli.bench import bench
from briefd_build.cli.choosing import learn_choice
from briefd_build.cli.compare import compare
from briefd_build.cli.extractive import evaluate
from briefd_build.cli.finetune import finetune
from briefd_build.cli.generate import generate
from briefd_build.cli.headlines import headlines
from briefd_build.cli.proof_read import proof_read
from briefd_build.cli.reading import answers, sheet, tally
from briefd_build.cli.recipes import recipes
from briefd_build.cli.report import report
from briefd_build.cli.run import run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="briefd")
def cli() -> None:
    """Build and measure the bundles that briefd serves."""


# What the user can mend; others are mistakes of ours.
_REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EACCES: "give the right to, or name another place",
    errno.EPERM: "give the right to, or name another place",
    errno.EROFS: "name another place",
}

_COMMANDS = (
    answers, bench, compare, evaluate, finetune, generate, headlines, learn_choice,
    proof_read, recipes, report, run, sheet, tally,
)  # fmt: skip
for _command in _COMMANDS:
    cli.add_command(_command)


def main() -> None:
    """Run the command; a mistake of the user's ends in one line and exit code 1."""
    from briefd_build.errors import BuildError  # noqa: PLC0415 - see above
    from briefd_server.errors import BriefdError  # noqa: PLC0415 - see above

    # Before any library is imported: ONNX Runtime's quantizer would let every library tell what it is about.
    logging.basicConfig(handlers=[_StandardError()], format="%(message)s", level=logging.WARNING)
    try:
        cli()
    except (BuildError, BriefdError) as error:
        _end(str(error))
    except OSError as error:
        if error.errno not in _REMEDIES:
            raise
        _end(f"{error.filename or 'a file'}: {os.strerror(error.errno)}; {_REMEDIES[error.errno]}")


class _StandardError(logging.Handler):
    """Writes to the standard error of the moment, which a progress bar makes its own while it is there."""

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def _end(message: str) -> None:
    click.echo(f"brief-build: {message}", err=True)
    sys.exit(1)
