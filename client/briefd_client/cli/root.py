"""The `brief` command as a whole: its subcommands, and the border where every failure becomes one line and a status."""

from __future__ import annotations

import io
import os
import sys
from typing import Any

import click

from briefd.address import AddressError
from briefd.output import guarded_output
from briefd_client.cli.classify import classify
from briefd_client.cli.completion import completion
from briefd_client.cli.exits import ExitStatus, exit_status_of
from briefd_client.cli.health import health
from briefd_client.cli.summarize import summarize
from briefd_client.cli.terminal import complain
from briefd_client.errors import BriefdError

# The name of what is done when no subcommand is named; no user can write it as the first word by accident.
_DEFAULT = ""


class Root(click.Group):
    """Runs a subcommand when its name is the first word, and otherwise the default command with all words."""

    def __init__(self, default: click.Command, *subcommands: click.Command) -> None:
        super().__init__("brief", commands=subcommands, add_help_option=False)
        self._default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command's name in front where no subcommand is named."""
        is_subcommand = bool(args) and args[0] in self.commands
        return super().parse_args(ctx, args if is_subcommand else [_DEFAULT, *args])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a subcommand or the default one."""
        return self._default if cmd_name == _DEFAULT else super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn whatever may go wrong into one line and an exit status."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(ExitStatus.INTERRUPTED)
        except AddressError as error:
            raise click.UsageError(str(error)) from error
        except BriefdError as failure:
            complain(str(failure))
            ctx.exit(exit_status_of(failure))


cli = Root(summarize, classify, health, completion)


def main() -> None:
    """Run as the console script `brief`."""
    os.environ.setdefault(
        "GRPC_VERBOSITY", "NONE"
    )  # what gRPC logs of lost connections, the command says in its own words
    if isinstance(sys.stdout, io.TextIOWrapper):  # what the locale cannot write must not end the command
        sys.stdout.reconfigure(errors="replace")
    with guarded_output("brief"):
        cli(prog_name="brief")
