"""What the commands share: the corpora, and telling how far the work is."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the corpora.  [default: ../shared/data where it exists, else a cache that is filled from the "
    "public sources]",
)


def writable_file(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> Path | None:
    """Refuse a file that can't be written, before the work whose result it shall hold."""
    if path is not None and not os.access(path if path.exists() else path.parent, os.W_OK):
        raise click.BadParameter(f"{path} cannot be written; name a file in a directory that is there and writable")
    return path


json_option = click.option(
    "--json",
    "json_path",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable_file,
    help="Write the figures here too.",
)


def write_json(path: Path | None, content: object) -> None:
    """Write a JSON file, where one is asked for."""
    if path is not None:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_json_lines(path: Path | None, records: Iterable[object]) -> None:
    """Write records, one a line, where a file is asked for."""
    if path is not None:
        with path.open("w", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def find_corpora(data: Path | None, report: Callable[[str, float], None]) -> Path:
    """Find the corpora' directory; the public ones are fetched where it is not given."""
    from briefd_build.corpora.sources import cache_directory, find_data  # noqa: PLC0415 - kept out of --help

    return find_data(data, cache_directory(os.environ), report)


def say_nothing(_stage: str, _done: float) -> None:
    """Take what is reported where nobody watches; a function that can be pickled."""


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """Show a bar; what is yielded takes the stage's name and how much of it is done, from 0 to 1.

    Where the work fails the bar goes, and what is said of the failure stands alone.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help
    from rich.progress import Progress  # noqa: PLC0415 - likewise

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("starting", total=1.0)
        try:
            yield lambda stage, done: bar.update(task, description=stage, completed=done)
        except BaseException:  # Ctrl-C too: one line is to be left
            bar.live.transient = True
            bar.console.quiet = not bar.console.is_interactive  # it would print the bar's last state to a file
            raise
