"""The command that writes the report of the run that made a bundle."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the report; one that is there is replaced.  [default: BUNDLE's name and -report, here]",
)
def report(*, bundle: Path, out: Path | None) -> None:
    """Show what every stage of the run that made BUNDLE bought and cost.

    Writes report.html, which needs neither a network nor scripts, report.md and report.json. BUNDLE is a directory that
    brief-build run wrote.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.reporting import read_record, write_reports  # noqa: PLC0415 - likewise
    from briefd_build.reporting.run_report import shown  # noqa: PLC0415 - likewise

    record = read_record(bundle)
    page, *_ = write_reports(record, out or Path(f"{bundle.resolve().name}-report"))
    Console().print(*shown(record), sep="\n")
    click.echo(f"wrote {page}, and report.md and report.json beside it", err=True)
