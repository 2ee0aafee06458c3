"""Commands of the default bundle: measure it, tune it."""

from __future__ import annotations

from pathlib import Path

import click

from briefd_build.cli.common import data_option, find_corpora, json_option, progress, write_json


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@click.option("--variant", type=click.Choice(["optimized", "baseline"]), default="optimized", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that run the model.")
@json_option
def evaluate(bundle: Path, data: Path | None, variant: str, threads: int, json_path: Path | None) -> None:
    """Measure BUNDLE: grammar, salience, agreement with human compressions, length, speed and size."""
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.evaluation.report import evaluate as measure  # noqa: PLC0415 - likewise
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    with progress() as report:
        evaluation = measure(read_bundle(bundle), variant, find_corpora(data, report), threads, report)
    Console().print(evaluation.table())
    write_json(json_path, evaluation.to_json())


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@click.option("--steps", type=click.IntRange(1), default=600, show_default=True, help="Steps of the climb.")
@click.option("--seed", type=int, default=4, show_default=True, help="Seed of the climb.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Where the tuned table is written."
)
def tune(bundle: Path, data: Path | None, steps: int, seed: int, out: Path) -> None:
    """Tune the chooser's table of costs for BUNDLE's encoder."""
    from briefd_build.tuning import tune_costs  # noqa: PLC0415 - kept out of --help
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    with progress() as report:
        costs = tune_costs(read_bundle(bundle), find_corpora(data, report), steps, seed, report)
    write_json(out, costs.to_json())
    click.echo(f"wrote {out}", err=True)
