"""Command that fine-tunes a language model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from briefd_build.cli.common import progress
from briefd_build.finetuning.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False, resolve_path=True)
_DEFAULTS = Settings()


@click.command()
@click.option("--model", required=True, help="The model to start from: a directory or a name on the hub.")
@click.option("--data", type=_FILE, required=True, help='JSON lines to learn from: {"text": "...", "summary": "..."}.')
@click.option("--out", type=_FOLDER, required=True, help="Directory of the new model, in Hugging Face's layout.")
@click.option(
    "--eval", "evaluation_data", type=_FILE, help="JSON lines to measure on.  [default: some of --data are held out]"
)
@click.option(
    "--held-out",
    "held_out_share",
    type=click.FloatRange(0, 0.5, min_open=True),
    default=_DEFAULTS.held_out_share,
    show_default=True,
    help="Share of the texts that is held out where --eval is not given; 500 at most.",
)
@click.option(
    "--template",
    help="Prompt template: chat, continuation, instruction or plain.  [default: the model's own, else its family's]",
)
@click.option("--full", is_flag=True, help="Train all weights, not LoRA's matrices beside them.")
@click.option("--rank", type=click.IntRange(1), default=_DEFAULTS.rank, show_default=True, help="LoRA's rank.")
@click.option(
    "--alpha",
    type=click.IntRange(1),
    default=_DEFAULTS.alpha,
    show_default=True,
    help="LoRA's weight is this divided by its rank.",
)
@click.option(
    "--dropout",
    type=click.FloatRange(0, 1, max_open=True),
    default=_DEFAULTS.dropout,
    show_default=True,
    help="LoRA's dropout.",
)
@click.option(
    "--epochs", type=click.IntRange(1), default=_DEFAULTS.epochs, show_default=True, help="How often each pair is seen."
)
@click.option(
    "--rate",
    type=click.FloatRange(0, 1, min_open=True),
    default=_DEFAULTS.rate,
    show_default=True,
    help="Learning rate.",
)
@click.option(
    "--warmup-steps",
    type=click.IntRange(0),
    default=_DEFAULTS.warmup_steps,
    show_default=True,
    help="Steps in which the learning rate rises; a tenth of all steps at most.",
)
@click.option(
    "--evaluation-steps",
    type=click.IntRange(1),
    default=_DEFAULTS.evaluation_steps,
    show_default=True,
    help="Steps between two evaluations; each leaves a checkpoint.",
)
@click.option(
    "--batch",
    "batch_pairs",
    type=click.IntRange(1),
    default=_DEFAULTS.batch_pairs,
    show_default=True,
    help="Pairs in a step.",
)
@click.option(
    "--context-tokens",
    type=click.IntRange(16),
    help="Most tokens of a prompt with its summary; longer texts are shortened.  [default: the model's, 1,024 at most]",
)
@click.option(
    "--seed", type=click.IntRange(0), default=_DEFAULTS.seed, show_default=True, help="Seed of everything random."
)
@click.option(
    "--build",
    type=_FOLDER,
    help="Folder of the checkpoints; a run that was stopped goes on from the last one.  [default: OUT.build]",
)
def finetune(
    model: str,
    data: Path,
    out: Path,
    evaluation_data: Path | None,
    template: str | None,
    build: Path | None,
    **settings: Any,
) -> None:
    """Teach a language model to summarize as the pairs of a file do."""
    from briefd_build.finetuning.building import Finetuning  # noqa: PLC0415 - torch takes seconds to import
    from briefd_build.folder import BuildFolder  # noqa: PLC0415 - likewise

    folder = BuildFolder(build or out.with_name(f"{out.name}.build"))
    chosen = Settings(**settings)
    with progress() as report:
        record = Finetuning(model, data, evaluation_data, template, chosen, folder, out, report).run()
    if record is None:
        click.echo(f"{out} is there already, from the same model, pairs and settings", err=True)
        return
    if record.shortened_texts:
        click.echo(f"{record.shortened_texts:,} texts were shortened to {record.context_tokens:,} tokens", err=True)
    first, last = record.evaluations[0], record.evaluations[-1]
    click.echo(f"held-out loss: {first.loss:.3f} before, {last.loss:.3f} after {last.step:,} steps", err=True)
    click.echo(f"wrote {out}", err=True)
