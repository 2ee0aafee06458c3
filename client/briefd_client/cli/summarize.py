"""`brief FILE…`: one summary a text."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from briefd_client.cli.exits import EXIT_STATUS_HELP, ExitStatus, exit_status_of, would_recur
from briefd_client.cli.inputs import sources_of
from briefd_client.cli.jsonl import summarize_lines
from briefd_client.cli.options import SummarizeOptions, summarize_options
from briefd_client.cli.presenters import presenter_for
from briefd_client.cli.terminal import Terminal, leads_to_terminal
from briefd_client.errors import BriefdError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from briefd_client.cli.inputs import Source
    from briefd_client.cli.presenters import Presenter
    from briefd_client.client import Client


def run(options: SummarizeOptions, terminal: Terminal) -> ExitStatus:
    """Summarize what the options name.

    Returns:
        The status of the first text that failed; the others are summarized all the same, unless they would fail too.

    Raises:
        BriefdError: what would fail every further line of `--jsonl`.
    """
    sources = sources_of(options.files, options.text)
    if options.as_json_lines:
        return summarize_lines(sources, options, terminal)
    return _summarize_each(sources, options, terminal)


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


@click.command(cls=_DefaultCommand, epilog=EXIT_STATUS_HELP)
@summarize_options
@click.version_option(package_name="briefd", prog_name="brief")
@click.pass_context
def summarize(context: click.Context, /, **values: Any) -> None:
    """Summarize texts in one sentence each, on this device.

    Every FILE is one text in UTF-8; - is standard input, which is also read when there is neither FILE nor --text. With
    several FILEs each summary is led by its file's name. Summaries go to standard output, all else to standard error.

    With --jsonl every line of every FILE is a text: {"id": "a1", "text": "..."}. Each is answered by a line with the
    same "id" (without one, the number of the line), and "summary", "word_count", "length_met", "spans" and "usage", or
    an "error" with its "reason". Blank lines and other fields are passed over.
    """
    options = SummarizeOptions(**values)
    conflict = options.conflict()
    if conflict is not None:
        raise click.UsageError(conflict)
    if options.text is None and not options.files and leads_to_terminal(sys.stdin):
        raise click.UsageError("nothing to summarize: give a FILE, - for standard input, or --text")
    for name in _subcommands(context):
        if name in options.files and not os.path.exists(name):
            raise click.UsageError(f"{name} is a command: write it first, before its options")
    context.exit(run(options, Terminal.detect(os.environ)))


def _subcommands(context: click.Context) -> Mapping[str, click.Command]:
    group = context.find_root().command
    assert isinstance(group, click.Group)
    return group.commands


def _summarize_each(sources: Sequence[Source], options: SummarizeOptions, terminal: Terminal) -> ExitStatus:
    from briefd_client.client import Client  # noqa: PLC0415 - gRPC is imported only once it is needed

    presenter = presenter_for(options, terminal)
    first_failure: BriefdError | None = None
    with Client(options.address) as client:
        for source in sources:
            failure = _summarize_one(source, client, options, presenter)
            first_failure = first_failure or failure
            if failure is not None and would_recur(failure):
                break
    return ExitStatus.OK if first_failure is None else exit_status_of(first_failure)


def _summarize_one(
    source: Source, client: Client, options: SummarizeOptions, presenter: Presenter
) -> BriefdError | None:
    try:
        text = source.read()
        result = options.summarize(client, text)
    except BriefdError as failure:
        presenter.show_failure(source, failure)
        return failure
    presenter.show_result(source, text, result)
    return None
