"""`brief FILE…`: one summary a text."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from briefd_client.cli.asking import run
from briefd_client.cli.exits import SUMMARIZE_EXIT_STATUS_HELP
from briefd_client.cli.options import SummarizeOptions, summarize_options

if TYPE_CHECKING:
    from collections.abc import Mapping


class _DefaultContext(click.Context):
    """Calls the command by the name of its parent, which the user wrote."""

    @property
    def command_path(self) -> str:
        assert self.parent is not None
        return self.parent.command_path


class _DefaultCommand(click.Command):
    """The command that runs without being named: its help speaks for the whole of `brief`."""

    context_class = _DefaultContext

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands, then the epilog."""
        with formatter.section("Commands"):
            rows = [(name, command.get_short_help_str(60)) for name, command in _subcommands(ctx).items()]
            formatter.write_dl(rows)
        super().format_epilog(ctx, formatter)


@click.command(cls=_DefaultCommand, epilog=SUMMARIZE_EXIT_STATUS_HELP)
@summarize_options
@click.version_option(package_name="briefd", prog_name="brief")
@click.pass_context
def summarize(context: click.Context, /, **values: Any) -> None:
    """Summarize texts in one sentence each, on this device; with --max above 20, in up to two.

    Every FILE is one text in UTF-8; - is standard input, which is also read when there is neither FILE nor --text. With
    several FILEs each summary is led by its file's name. Summaries go to standard output, all else to standard error.

    With --jsonl every line of every FILE is a text: {"id": "a1", "text": "..."}. Each is answered by a line with the
    same "id" (without one, the number of the line), and "summary", "word_count", "length_met", "confidence", "spans"
    and "usage", with --explain an "explanation", or an "error" with its "reason". Blank lines and other fields are
    passed over.

    The confidence is the probability that no needed word was cut, as it was found on sentences whose grammar is known.
    It is no promise that the sentence is right.
    """
    for name in _subcommands(context):
        if name in values["files"] and not os.path.exists(name):
            raise click.UsageError(f"{name} is a command: write it first, before its options")
    context.exit(run(SummarizeOptions(**values)))


def _subcommands(context: click.Context) -> Mapping[str, click.Command]:
    group = context.find_root().command
    assert isinstance(group, click.Group)
    return group.commands
