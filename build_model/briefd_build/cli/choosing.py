"""The command that learns the choice of the sentence."""

from __future__ import annotations

from pathlib import Path

import click

from briefd_build.cli.common import data_option, find_corpora, progress, write_json


@click.command("learn-choice")
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@click.option(
    "--messages",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Texts with their wanted sentences marked, as JSON lines.  [default: the ones of this package]",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the weights are written."
)
def learn_choice(bundle: Path, data: Path | None, messages: Path | None, out: Path) -> None:
    """Learn for BUNDLE's encoder and costs which sentence of a text a person would pick, in some minutes."""
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.choosing.report import learn, table  # noqa: PLC0415 - likewise
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    with progress() as report:
        learned = learn(read_bundle(bundle), find_corpora(data, report), messages, report)
    Console().print(table(learned))
    write_json(out, learned.weights)
    click.echo(f"wrote {out}", err=True)
