"""Asks the daemon about one text after another, and shows what it answers: what `brief` and `brief classify` share."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from briefd_client.cli.exits import ExitStatus, exit_status_of, would_recur
from briefd_client.cli.inputs import sources_of
from briefd_client.cli.jsonl import answer_lines
from briefd_client.cli.presenters import presenter_for
from briefd_client.cli.records import AnswerT
from briefd_client.cli.terminal import Terminal, leads_to_terminal
from briefd_client.errors import BriefdError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_client.cli.inputs import Source
    from briefd_client.cli.options import AskOptions
    from briefd_client.cli.presenters import Presenter
    from briefd_client.client import Client


def run(options: AskOptions[AnswerT]) -> ExitStatus:
    """Ask what the options say of the texts that they name.

    Returns:
        The status of the first text that failed; the others are asked about all the same, unless they would fail too.

    Raises:
        click.UsageError: the options do not go together, or name no text.
        BriefdError: what would fail every further line of `--jsonl`.
    """
    conflict = options.conflict()
    if conflict is not None:
        raise click.UsageError(conflict)
    if options.text is None and not options.files and leads_to_terminal(sys.stdin):
        raise click.UsageError(f"nothing to {options.verb}: give a FILE, - for standard input, or --text")
    terminal = Terminal.detect(os.environ)
    sources = sources_of(options.files, options.text)
    if options.as_json_lines:
        return answer_lines(sources, options, terminal)
    return _ask_each(sources, options, terminal)


def _ask_each(sources: Sequence[Source], options: AskOptions[AnswerT], terminal: Terminal) -> ExitStatus:
    from briefd_client.client import Client  # noqa: PLC0415 - gRPC is imported only once it is needed

    presenter = presenter_for(options, terminal)
    first_failure: BriefdError | None = None
    with Client(options.address) as client:
        for source in sources:
            failure = _ask_once(source, client, options, presenter)
            first_failure = first_failure or failure
            if failure is not None and would_recur(failure):
                break
    return ExitStatus.OK if first_failure is None else exit_status_of(first_failure)


def _ask_once(
    source: Source, client: Client, options: AskOptions[AnswerT], presenter: Presenter[AnswerT]
) -> BriefdError | None:
    try:
        text = source.read()
        answer = options.ask(client, text)
    except BriefdError as failure:
        presenter.show_failure(source, failure)
        return failure
    presenter.show_answer(source, text, answer)
    return None
