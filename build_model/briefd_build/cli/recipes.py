"""The command that lists the recipes."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
def recipes(*, name: str | None) -> None:
    """List the recipes and presets that ship, or print the TOML of the one of this NAME.

    What is printed is the start of a recipe of one's own: brief-build run takes files too.
    """
    from briefd_build.pipeline.recipe_files import read_recipe_text  # noqa: PLC0415 - kept out of --help

    if name is None:
        _list()
    else:
        click.echo(read_recipe_text(name), nl=False)


def _list() -> None:
    from rich.console import Console  # noqa: PLC0415 - kept out of --help
    from rich.table import Table  # noqa: PLC0415 - likewise

    from briefd_build.pipeline.recipe_files import read_recipe_table, shipped_recipes  # noqa: PLC0415 - likewise

    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("Name", "Task", "What it does"):
        table.add_column(title, no_wrap=title != "What it does")
    for name in shipped_recipes():
        content = read_recipe_table(name)
        table.add_row(name, content.get("task", "any"), content["description"])
    Console().print(table)
