"""The command that measures two bundles beside each other."""

from __future__ import annotations

from pathlib import Path

import click

from briefd_build.cli.common import json_option, progress, write_json

_bundle = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command()
@click.argument("first", metavar="A", type=_bundle)
@click.argument("second", metavar="B", type=_bundle)
@click.option(
    "--texts",
    "texts_file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help='Texts to time and to compare the answers on: one a line, or {"text": ...} a line of a .jsonl file.  '
    "[default: 50 short ones of the project's own]",
)
@click.option(
    "--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that run the models."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for report.html, report.md and report.json; those that are there are replaced.",
)
@json_option
def compare(
    *, first: Path, second: Path, texts_file: Path | None, threads: int, out: Path | None, json_path: Path | None
) -> None:
    """Put the bundles A and B side by side: what each takes, how good each is, how often they answer alike.

    Any two bundles of one task will do. What they take is measured now, turn about; quality is what the runs that made
    them found.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.reporting.comparing import compare_bundles  # noqa: PLC0415 - likewise
    from briefd_build.reporting.comparison_report import (  # noqa: PLC0415 - likewise
        comparison_to_json,
        shown,
        write_comparison,
    )
    from briefd_build.reporting.texts import read_texts  # noqa: PLC0415 - likewise

    texts = read_texts(texts_file) if texts_file else _own_texts()
    with progress() as report:
        comparison = compare_bundles(first, second, texts, threads, report)
    Console().print(*shown(comparison), sep="\n")
    write_json(json_path, comparison_to_json(comparison))
    if out is not None:
        page, *_ = write_comparison(comparison, out)
        click.echo(f"wrote {page}, and report.md and report.json beside it", err=True)


def _own_texts() -> list[str]:
    from briefd_build.generative.conversion import read_texts  # noqa: PLC0415 - torch takes seconds to import

    return read_texts()
