"""Command of the example model that writes headlines."""

from __future__ import annotations

from pathlib import Path

import click

from briefd_build.cli.common import data_option, find_corpora, progress


@click.command()
@data_option
@click.option(
    "--build",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/headlines/build"),
    show_default=True,
    help="Folder of intermediate results; finished stages found there are not done again, a training that was stopped "
    "goes on from its last checkpoint.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Directory of the model, in Hugging Face's layout; written anew at every checkpoint.",
)
def headlines(data: Path | None, build: Path, out: Path) -> None:
    """Train the example model that writes headlines: a small GPT-NeoX, for trying and testing generative bundles."""
    from briefd_build.folder import BuildFolder  # noqa: PLC0415 - torch takes seconds to import
    from briefd_build.headlines.building import HeadlineBuild  # noqa: PLC0415 - likewise
    from briefd_build.headlines.recipe import HeadlineRecipe  # noqa: PLC0415 - likewise
    from briefd_server.bundle.finding import DEFAULT_BUNDLE, PACKAGED_DIRECTORY  # noqa: PLC0415 - likewise

    teacher = PACKAGED_DIRECTORY / DEFAULT_BUNDLE
    with progress() as report:
        corpora = find_corpora(data, report)
        HeadlineBuild(HeadlineRecipe(), corpora, teacher, BuildFolder(build), out, report).run()
    click.echo(f"wrote {out}", err=True)
