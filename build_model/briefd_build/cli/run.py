"""The command that runs a recipe."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from briefd_build.cli.common import data_option, find_corpora, progress, say_nothing

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_build.pipeline.recipe import Recipe
    from briefd_build.pipeline.recipe_run import Order, Outcome
    from briefd_build.pipeline.results import Score, StageResult

_FOLDER = click.Path(path_type=Path, file_okay=False)
# As shells tell that a program was ended by Ctrl-C.
_INTERRUPTED = 130


@click.command()
@click.argument("recipe")
@click.option(
    "--preset", help="Lay the stages and gates of a preset on the recipe: conservative, balanced, aggressive."
)
@click.option(
    "--set",
    "settings",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a value of the recipe, by its dotted path: seed=3, model.source=DIR, low-rank.rank=16 (of the stage "
    "of that name), gates.size_bytes=10000000. May be given several times.",
)
@click.option("--out", type=_FOLDER, help="Directory of the bundle.  [default: build/bundles/NAME]")
@click.option(
    "--build",
    type=_FOLDER,
    help="Folder of the stages and the report; finished stages found there are not done again.  "
    "[default: build/runs/NAME]",
)
@data_option
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Threads that train, and that run the models when they are measured.",
)
@click.option(
    "--force", is_flag=True, help="Write the bundle even where a gate fails; the command fails then nevertheless."
)
def run(
    *,
    recipe: str,
    preset: str | None,
    settings: tuple[str, ...],
    out: Path | None,
    build: Path | None,
    force: bool,
    **machine: Any,
) -> None:
    """Run RECIPE: its stages, each of them measured, its gates, and a report.

    RECIPE is the name of one that ships (see brief-build recipes) or a TOML file. The folder of --build holds what the
    stages left, and the report as HTML, Markdown and JSON. A run that was stopped goes on after its last finished
    stage, and one that lacks its first stages copies them from a run beside it that did them alike.
    """
    chosen = _read_recipe(recipe, preset, settings)
    folder = build or Path("build/runs", chosen.name)
    from briefd_build.pipeline.recipe_run import Order  # noqa: PLC0415 - torch takes seconds to import

    order = Order(
        recipe=chosen,
        out=out or Path("build/bundles", chosen.name),
        build=folder,
        data_directory=partial(find_corpora, machine["data"], say_nothing),
        thread_count=machine["threads"],
        is_forced=force,
        command=shlex.join(["brief-build", *sys.argv[1:]]),
        data=machine["data"],
    )
    try:
        outcome = _run(order)
    except KeyboardInterrupt:
        click.echo(f"brief-build: interrupted; the same command goes on with what is in {folder}", err=True)
        sys.exit(_INTERRUPTED)
    _tell(outcome)


def _read_recipe(name: str, preset: str | None, settings: tuple[str, ...]) -> Recipe:
    from briefd_build.errors import BuildError  # noqa: PLC0415 - kept out of --help
    from briefd_build.pipeline.changing import lay_preset, set_values  # noqa: PLC0415 - likewise
    from briefd_build.pipeline.recipe import parse_recipe  # noqa: PLC0415 - likewise
    from briefd_build.pipeline.recipe_files import place_of, read_recipe_table  # noqa: PLC0415 - likewise

    table = read_recipe_table(name)
    if preset is not None:
        table = lay_preset(table, read_recipe_table(preset))
    table = set_values(table, settings)
    if "task" not in table and "model" not in table:
        raise BuildError(
            f"{place_of(name)} is a preset and names no model: lay it on a recipe (brief-build run RECIPE --preset "
            f"{name}), or give it one (--set task=classification --set model.source=DIR)"
        )
    return parse_recipe(table, place_of(name))


def _run(order: Order) -> Outcome:
    from briefd_build.pipeline.growing_table import GrowingTable  # noqa: PLC0415 - kept out of --help
    from briefd_build.pipeline.measuring import Measuring  # noqa: PLC0415 - likewise
    from briefd_build.pipeline.recipe import SOURCE  # noqa: PLC0415 - likewise
    from briefd_build.pipeline.recipe_run import run_recipe  # noqa: PLC0415 - torch takes seconds to import

    table = GrowingTable([SOURCE, *(step.name for step in order.recipe.steps)])
    say = _above_the_bar()

    def show(row: StageResult, leading: Score) -> None:
        for line in table.lines(row, leading):
            say(line)

    with progress() as report:
        return run_recipe(order, Measuring(), report, show)


def _above_the_bar() -> Callable[[str], None]:
    """Give what writes a line to the standard output.

    On a terminal the bar moves out of the way of what is printed; what is sent elsewhere must get there, and not above
    the bar.
    """
    output = sys.stdout
    return lambda line: click.echo(line, file=None if output.isatty() else output)


def _tell(outcome: Outcome) -> None:
    """Say what came out; a gate that fails is exit code 1."""
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.errors import BuildError  # noqa: PLC0415 - kept out of --help
    from briefd_build.pipeline.gates import describe_failure  # noqa: PLC0415 - likewise
    from briefd_build.reporting.run_report import shown  # noqa: PLC0415 - likewise

    Console().print(*shown(outcome.record), sep="\n")
    for gate in outcome.failing:
        click.echo(describe_failure(gate), err=True)
    click.echo(f"the report is {outcome.reports[0]}, and report.md and report.json beside it", err=True)
    if outcome.bundle is not None:
        click.echo(f"wrote {outcome.bundle}", err=True)
    if outcome.failing:
        written = (
            "the bundle was written nevertheless" if outcome.bundle else "no bundle was written (--force writes it)"
        )
        raise BuildError(f"{len(outcome.failing)} of {len(outcome.record.gates)} gates fail; {written}")
