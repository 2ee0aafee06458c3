"""Command that makes a bundle of a language model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from briefd_build.cli.common import progress

if TYPE_CHECKING:
    from rich.table import Table

    from briefd_server.bundle import Manifest


@click.command()
@click.option("--model", required=True, help="The language model: a directory or a name on the hub.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Directory of the bundle; one that is there is replaced.",
)
@click.option(
    "--variants",
    multiple=True,
    metavar="NAME[,NAME...]",
    help="Forms of the model to put into the bundle: baseline, int8-dynamic, int8, int8-screened, "
    "int8-shortlist, int4, int4-shortlist, int8-portable.  [default: all that may be of use]",
)
@click.option(
    "--template",
    help="Prompt template: chat, continuation, instruction or plain.  [default: the model's own, else its family's]",
)
@click.option(
    "--context",
    "context_tokens",
    type=click.IntRange(1),
    help="Most tokens of prompt and answer.  [default: the model's, 1,024 at most]",
)
@click.option(
    "--shortlist",
    "shortlist_size",
    type=click.IntRange(1),
    default=8192,
    show_default=True,
    help="Tokens that an output layer with a shortlist always scores.",
)
@click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    help="Threads that the variants are timed on.",
)
def generate(
    *,
    model: str,
    out: Path,
    variants: tuple[str, ...],
    template: str | None,
    context_tokens: int | None,
    shortlist_size: int,
    threads: int,
) -> None:
    """Make a bundle of a small language model: export, quantize, compare and time it.

    Models of the families GPT-NeoX, GPT-2, Llama, Qwen2, T5 and BART will do.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    from briefd_build.generative.building import build_generative  # noqa: PLC0415 - torch takes seconds to import
    from briefd_build.generative.card import UNKNOWN_LICENSE  # noqa: PLC0415 - likewise
    from briefd_build.generative.conversion import Options  # noqa: PLC0415 - likewise

    names = [name.strip() for given in variants for name in given.split(",") if name.strip()]
    options = Options(template, context_tokens, shortlist_size, threads)
    with progress() as report:
        manifest = build_generative(model, out, names, options, report)
    Console().print(_table(manifest))
    if manifest.license == UNKNOWN_LICENSE:
        click.echo("the model's card names no license: find it out before you pass the bundle on", err=True)
    click.echo(f"wrote {out}", err=True)


def _table(manifest: Manifest) -> Table:
    """Lay out what was measured of each variant, first choice first."""
    from rich.table import Table  # noqa: PLC0415 - kept out of --help

    from briefd_build.generative.measuring import TIMED_PROMPT_TOKENS, TIMED_TOKENS, time_key  # noqa: PLC0415 - likewise
    from briefd_server.cpu_features import read_cpu_features  # noqa: PLC0415 - likewise

    present = read_cpu_features()
    threads = manifest.evaluation["threads"]
    table = Table(
        title=f"{manifest.name}, {threads['prompt']} threads for prompts, {threads['decode']} for single tokens",
        caption="same: share of greedy tokens that float32 writes too; here: whether this processor suits the variant",
    )
    table.add_column("variant", no_wrap=True)
    # Narrow enough for a terminal of 80 columns, whatever the model's size.
    for heading in ("MB", "same", *(f"ms\n{TIMED_PROMPT_TOKENS}+{count}" for count in TIMED_TOKENS), "peak\nMB"):
        table.add_column(heading, justify="right")
    table.add_column("here")
    for name, figures in sorted(
        manifest.evaluation["variants"].items(), key=lambda item: manifest.variants[item[0]].rank
    ):
        needed = manifest.variants[name].cpu_features
        table.add_row(
            name,
            f"{figures['size_bytes'] / 1e6:,.0f}",
            f"{100 * figures['greedy_agreement']:.1f} %",
            *(f"{figures[time_key(count)]:,.1f}" for count in TIMED_TOKENS),
            f"{figures['peak_bytes'] / 1e6:,.0f}",
            "yes" if not needed or not present.isdisjoint(needed) else "no",
        )
    return table
