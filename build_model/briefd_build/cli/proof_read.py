"""The command that trains the default bundle's proof-reader."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from briefd_build.cli.common import data_option, find_corpora, progress, write_json

if TYPE_CHECKING:
    from briefd_build.proofreading.outputs import Outputs


@click.command("proof-read")
@click.argument("bundle", type=click.Path(path_type=Path, file_okay=False, exists=True))
@data_option
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the candidates and of the training.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the proof-reader here.")
@click.option("--install", is_flag=True, help="Write the proof-reader into BUNDLE's manifest.")
def proof_read(bundle: Path, data: Path | None, seed: int, out: Path | None, *, install: bool) -> None:
    """Train BUNDLE's proof-reader.

    It learns from candidates that BUNDLE's chooser makes of the development treebanks, judged by their gold trees. The
    figures are those of sentences that a fold of the training held out, then those of the test treebanks.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.proofreading.training import measure_proof_reader, train_proof_reader  # noqa: PLC0415 - likewise
    from briefd_server.bundle import read_bundle, write_manifest  # noqa: PLC0415 - likewise
    from briefd_server.engines.extractive import PROOF_READER  # noqa: PLC0415 - likewise

    if not out and not install:
        raise click.UsageError("say where the proof-reader shall go: --out FILE, --install, or both")
    opened = read_bundle(bundle)
    with progress() as report:
        corpora = find_corpora(data, report)
        network, held_out = train_proof_reader(opened, corpora, seed, report)
        measured = measure_proof_reader(opened, network, corpora, report)
    Console().print(_table({"held out": held_out, "test": measured}))
    write_json(out, network.to_json())
    if install:
        parameters = {**opened.manifest.engine_parameters, PROOF_READER: network.to_json()}
        write_manifest(bundle, replace(opened.manifest, engine_parameters=parameters))


def _table(outputs: dict[str, Outputs]) -> object:
    from rich.table import Table  # noqa: PLC0415 - kept out of --help

    table = Table("measure", *outputs, title="the proof-reader, by gold trees")
    figures = [each.figures() for each in outputs.values()]
    for name in figures[0]:
        table.add_row(name, *(f"{each[name]:.4g}" for each in figures))
    return table
