"""Commands for reading: write answers down, lay them out blind, sum up what the reader said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from briefd_build.cli.common import json_option, progress, writable_file, write_json, write_json_lines

if TYPE_CHECKING:
    from briefd_build.evaluation.recording import RecordedAnswer

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("texts", type=_FILE)
@click.option("--variant", type=click.Choice(["optimized", "baseline"]), default="optimized", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that run the model.")
@click.option("--out", type=_NEW_FILE, callback=writable_file, required=True, help="Where the answers are written.")
def answers(bundle: Path, texts: Path, variant: str, threads: int, out: Path) -> None:
    """Write down BUNDLE's answers to TEXTS, for `brief-build sheet`.

    TEXTS has a JSON object a line: {"id": "...", "genre": "...", "text": "...", "min": 10, "max": 15}, of which only
    the text is needed.
    """
    from briefd_build.evaluation.recording import read_source_texts, record  # noqa: PLC0415 - kept out of --help
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise
    from briefd_server.engines import load_summarizer  # noqa: PLC0415 - likewise

    sources = read_source_texts(texts)
    engine = load_summarizer(read_bundle(bundle), variant, threads)
    given: list[RecordedAnswer] = []
    with progress() as report:
        for number, each in enumerate(sources):
            report("answering", number / len(sources))
            given.append(record(engine, each))
    write_json_lines(out, (each.to_json() for each in given))
    click.echo(f"wrote {len(given):,} answers to {out}", err=True)


@click.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the order.")
@click.option("--out", type=_NEW_FILE, callback=writable_file, required=True, help="Where the sheet is written.")
@click.option("--key", type=_NEW_FILE, callback=writable_file, required=True, help="Where the key to it is written.")
def sheet(old: Path, new: Path, seed: int, out: Path, key: Path) -> None:
    """Lay the answers in OLD and NEW out for a reader who is not to know which is which.

    The reader fills the blanks of each line in: grammatical (yes, minor, broken), faithful (yes, loses, changes,
    wrong-argument), choice (best, acceptable, poor), self_contained (yes, no), better (first, second, same).
    """
    from briefd_build.evaluation.recording import read_answers  # noqa: PLC0415 - kept out of --help
    from briefd_build.evaluation.sheets import make_sheet  # noqa: PLC0415 - likewise

    made = make_sheet(read_answers(old), read_answers(new), seed)
    write_json_lines(out, made.items)
    write_json_lines(key, made.key)
    changed = sum("second" in item for item in made.items)
    click.echo(f"wrote {len(made.items):,} items to {out}, {changed:,} of them with two answers", err=True)


@click.command()
@click.argument("judged", type=_FILE)
@click.argument("key", type=_FILE)
@json_option
def tally(judged: Path, key: Path, json_path: Path | None) -> None:
    """Sum up the sheet JUDGED, which a reader filled in, by KEY: shares with 95 % intervals, by genre."""
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.evaluation.tally import read_judged  # noqa: PLC0415 - likewise
    from briefd_build.evaluation.tally import tally as sum_up  # noqa: PLC0415 - likewise
    from briefd_build.evaluation.tally_tables import tally_table  # noqa: PLC0415 - likewise

    tallies = sum_up(read_judged(judged, key))
    for genre, each in tallies.items():
        Console().print(tally_table(genre, each))
    write_json(json_path, {genre: each.to_json() for genre, each in tallies.items()})
