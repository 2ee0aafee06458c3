"""`brief health`: how the daemon is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from briefd_client.cli.exits import ExitStatus
from briefd_client.cli.formatting import health_lines
from briefd_client.cli.options import address_option, timeout_option
from briefd_client.cli.records import error_record_of, json_line_of, record_of
from briefd_client.cli.terminal import complain, leads_to_terminal, printable, write_answer
from briefd_client.errors import BriefdError
from briefd_client.results import ServingStatus

if TYPE_CHECKING:
    from briefd_client.client import Client
    from briefd_client.results import HealthReport

_WATCH_INTERVAL_SECONDS = 2.0


@click.command
@click.option("--watch", "is_watching", is_flag=True, help="Ask again every two seconds, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Write all that is known as one object a line.")
@address_option
@timeout_option(5.0)
@click.pass_context
def health(
    context: click.Context, /, address: str | None, timeout_seconds: float, *, is_watching: bool, as_json: bool
) -> None:
    """Tell how the daemon is: what it serves, what it has done and what it uses now.

    Exit status: 0 if it serves, 69 if it does not or does not answer; else as of brief. For a file of the name health,
    write brief ./health
    """
    from briefd_client.client import Client  # noqa: PLC0415 - gRPC is imported only once it is needed

    with Client(address, timeout_seconds=timeout_seconds) as client:
        while is_watching:
            _watch_once(client, as_json=as_json)
            time.sleep(_WATCH_INTERVAL_SECONDS)
        report = client.health()
    _show(report, as_json=as_json)
    context.exit(ExitStatus.OK if report.status is ServingStatus.SERVING else ExitStatus.UNAVAILABLE)


def _watch_once(client: Client, *, as_json: bool) -> None:
    """Show the present state in the place of the last one; a daemon that does not answer may come back."""
    try:
        report = client.health()
    except BriefdError as failure:
        if as_json:
            write_answer(json_line_of(error_record_of(failure)))
        complain(str(failure))
    else:
        if leads_to_terminal(sys.stdout):
            click.clear()
        _show(report, as_json=as_json)


def _show(report: HealthReport, *, as_json: bool) -> None:
    if as_json:
        write_answer(json_line_of(record_of(report)))
        return
    for line in health_lines(report):
        write_answer(printable(line))
