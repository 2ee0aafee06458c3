"""The command that measures an extractive bundle."""

from __future__ import annotations

from pathlib import Path

import click

from briefd_build.cli.common import (
    data_option,
    find_corpora,
    json_option,
    progress,
    writable_file,
    write_json,
    write_json_lines,
)

MEASURE_NAMES = (
    "gold-trees",
    "cases",
    "reversals",
    "choice",
    "confidence",
    "attachment",
    "salience",
    "lengths",
    "latency",
    "compressions",
)
"""Those of `evaluation.measures`, which takes seconds to import."""


def _measure_names(_context: click.Context, _parameter: click.Parameter, names: str | None) -> tuple[str, ...]:
    chosen = MEASURE_NAMES if names is None else tuple(dict.fromkeys(name.strip() for name in names.split(",")))
    if unknown := next((name for name in chosen if name not in MEASURE_NAMES), None):
        raise click.BadParameter(f"there is no measure {unknown!r}; choose among {', '.join(MEASURE_NAMES)}")
    return chosen


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@click.option("--variant", type=click.Choice(["optimized", "baseline"]), default="optimized", show_default=True)
@click.option("--threads", type=click.IntRange(1, 64), default=2, show_default=True, help="Threads that run the model.")
@click.option(
    "--only",
    callback=_measure_names,
    metavar="NAMES",
    help=f"Take these measures, with commas between: {', '.join(MEASURE_NAMES)}.  [default: all]",
)
@click.option(
    "--show", type=click.IntRange(0), default=0, metavar="N", help="Show up to N texts of every fault that is found."
)
@click.option(
    "--examples",
    type=click.Path(path_type=Path, dir_okay=False),
    callback=writable_file,
    help="Write every text with its answer and faults here, as JSON lines.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Say what changed since the evaluation whose --examples this file is; --show shows such texts instead.",
)
@json_option
def evaluate(  # noqa: PLR0913, PLR0917 - one argument an option
    bundle: Path,
    data: Path | None,
    variant: str,
    threads: int,
    only: tuple[str, ...],
    show: int,
    examples: Path | None,
    against: Path | None,
    json_path: Path | None,
) -> None:
    """Measure BUNDLE: what its answers cut and reverse, their sentence, the parser, salience, length and speed.

    Exit code 1 where an answer reverses a statement or strips it of its condition.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.evaluation.against import read_earlier  # noqa: PLC0415 - likewise
    from briefd_build.evaluation.report import evaluate as measure  # noqa: PLC0415 - likewise
    from briefd_server.bundle import read_bundle  # noqa: PLC0415 - likewise

    earlier = read_earlier(against) if against else None
    with progress() as report:
        evaluation = measure(read_bundle(bundle), variant, lambda: find_corpora(data, report), threads, report, only)
    Console().print(evaluation.layout(0 if earlier else show), soft_wrap=True)
    if earlier:
        Console().print(evaluation.layout_changes(earlier, show), soft_wrap=True)
    write_json(json_path, evaluation.to_json())
    write_json_lines(examples, evaluation.examples())
    evaluation.check_reversals()
