"""The `brief-build` command."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="briefd")
def cli() -> None:
    """Build and measure the bundles that briefd serves."""


_data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the corpora.  [default: ../shared/data where it exists, else a cache that is filled from the "
    "public sources]",
)


@cli.command()
@_data_option
@click.option("--base", help="Base encoder: a directory or a hub name.  [default: all-MiniLM-L6-v2]")
@click.option(
    "--build",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/default-en"),
    show_default=True,
    help="Folder of intermediate results; finished stages found there are not done again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/bundles/default-en"),
    show_default=True,
    help="Directory of the bundle.",
)
def default(data: Path | None, base: str | None, build: Path, out: Path) -> None:
    """Train, prune, quantize, check, evaluate and write the default bundle."""
    from briefd_build.base_model import DEFAULT_BASE, find_base  # noqa: PLC0415 - torch takes seconds to import
    from briefd_build.building import build_default  # noqa: PLC0415 - likewise

    with _progress() as report:
        build_default(find_base(base or DEFAULT_BASE), _find_data(data, report), build, out, report)
    click.echo(f"wrote {out}", err=True)


@cli.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_data_option
@click.option("--variant", type=click.Choice(["optimized", "baseline"]), default="optimized", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that run the model.")
@click.option(
    "--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the figures here too."
)
def evaluate(bundle: Path, data: Path | None, variant: str, threads: int, json_path: Path | None) -> None:
    """Measure BUNDLE: grammar, salience, agreement with human compressions, length, speed and size."""
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.evaluation.report import evaluate as measure  # noqa: PLC0415 - likewise
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    with _progress() as report:
        evaluation = measure(read_bundle(bundle), variant, _find_data(data, report), threads, report)
    Console().print(evaluation.table())
    if json_path is not None:
        json_path.write_text(json.dumps(evaluation.to_json(), indent=2) + "\n", encoding="utf-8")


@cli.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_data_option
@click.option("--steps", type=click.IntRange(1), default=600, show_default=True, help="Steps of the climb.")
@click.option("--seed", type=int, default=4, show_default=True, help="Seed of the climb.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the tuned table is written."
)
def tune(bundle: Path, data: Path | None, steps: int, seed: int, out: Path) -> None:
    """Tune the chooser's table of costs for BUNDLE's encoder."""
    from briefd_build.tuning import tune_costs  # noqa: PLC0415 - kept out of --help
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    with _progress() as report:
        costs = tune_costs(read_bundle(bundle), _find_data(data, report), steps, seed, report)
    out.write_text(json.dumps(costs.to_json(), indent=2) + "\n", encoding="utf-8")
    click.echo(f"wrote {out}", err=True)


def main() -> None:
    """Run the command; a mistake of the user's ends in one line and exit code 1."""
    from briefd_build.errors import BuildError  # noqa: PLC0415 - see above
    from briefd_server.errors import BriefdError  # noqa: PLC0415 - see above

    try:
        cli()
    except (BuildError, BriefdError) as error:
        click.echo(f"brief-build: {error}", err=True)
        sys.exit(1)


def _find_data(data: Path | None, report: Callable[[str, float], None]) -> Path:
    from briefd_build.corpora.sources import cache_directory, find_data  # noqa: PLC0415 - kept out of --help

    return find_data(data, cache_directory(os.environ), report)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    from rich.console import Console  # noqa: PLC0415 - kept out of --help
    from rich.progress import Progress  # noqa: PLC0415 - likewise

    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("starting", total=1.0)
        yield lambda stage, done: progress.update(task, description=stage, completed=done)


if __name__ == "__main__":
    main()
