"""The command that measures our engine beside others."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from briefd_build.cli.common import json_option, progress, write_json

if TYPE_CHECKING:
    from briefd_build.bench.report import TableReport
    from briefd_build.generative.source import ModelSource


@click.command()
@click.option(
    "--engines",
    "is_of_engines",
    is_flag=True,
    help="Compare engines on the graphs of --bundle instead: PyTorch, ONNX Runtime, OpenVINO, CUDA, TensorRT.",
)
@click.option(
    "--model", help="The language model: a directory or a hub name.  [default: random, of pythia-70m's shape]"
)
@click.option(
    "--bundle",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="The bundle that brief-build generate made of it; with --engines any bundle.  [default: one is made, which "
    "takes minutes; with --engines the one that is shipped]",
)
@click.option(
    "--text",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="File to cut the prompts from.  [default: common English words in random order; with --engines short news, "
    "messages and logs]",
)
@click.option(
    "--threads",
    "thread_counts",
    type=click.IntRange(1, 64),
    multiple=True,
    default=(1, 2),
    show_default=True,
    help="Threads of each engine; may be given several times.",
)
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True, help="Turns of each engine.")
@click.option("--markdown", is_flag=True, help="Print the table in Markdown.")
@json_option
def bench(  # noqa: PLR0913 - one for each option
    *,
    is_of_engines: bool,
    model: str | None,
    bundle: Path | None,
    text: Path | None,
    thread_counts: tuple[int, ...],
    rounds: int,
    markdown: bool,
    json_path: Path | None,
) -> None:
    """Measure our engine beside transformers, PyTorch INT8, CTranslate2 and llama.cpp, on the same weights.

    With --engines, measure one bundle's graphs under PyTorch eager, torch.compile, ONNX Runtime, OpenVINO and, where
    they are there, CUDA and TensorRT; a language model's graph is given a prompt and one token more.

    The engines take turns, each in a process of its own. Those that are not installed are named in the table:
    pip install 'briefd[bench]'.
    """
    from rich.console import Console  # noqa: PLC0415 - kept out of --help

    content = text.read_text(encoding="utf-8", errors="replace") if text else None
    counts = sorted(set(thread_counts))
    if is_of_engines and model:
        raise click.UsageError("--engines compares the graphs of a --bundle; leave --model out")
    if is_of_engines:
        measured = _bench_engines(bundle, content, rounds, counts)
    else:
        measured = _bench_peers(model, bundle, content, rounds, counts)
    if markdown:
        click.echo(measured.to_markdown())
    else:
        Console().print(measured.render())
    write_json(json_path, measured.to_json())


def _bench_engines(bundle: Path | None, text: str | None, rounds: int, thread_counts: list[int]) -> TableReport:
    from briefd_build.bench.engines_running import run_engines  # noqa: PLC0415 - kept out of --help
    from briefd_server.bundle.finding import DEFAULT_BUNDLE, PACKAGED_DIRECTORY  # noqa: PLC0415 - likewise

    return run_engines(bundle or PACKAGED_DIRECTORY / DEFAULT_BUNDLE, text, rounds, thread_counts, _tell)


def _bench_peers(
    model: str | None, bundle: Path | None, text: str | None, rounds: int, thread_counts: list[int]
) -> TableReport:
    from briefd_build.bench.running import run_bench  # noqa: PLC0415 - kept out of --help
    from briefd_build.generative.source import find_model  # noqa: PLC0415 - likewise

    with tempfile.TemporaryDirectory(prefix="briefd-bench-") as folder:
        source = find_model(model or _write_random_model(folder))
        return run_bench(source, bundle or _build_bundle(source, folder), text, rounds, thread_counts, _tell)


def _tell(stage: str) -> None:
    """Say what is being done: lines and no moving bar, which would take processor time from who is measured."""
    click.echo(stage, err=True)


def _write_random_model(folder: str) -> str:
    from briefd_build.bench.random_model import write_random_pythia  # noqa: PLC0415 - takes seconds to import

    click.echo("making a random model", err=True)
    directory = Path(folder, "random-pythia-70m")
    write_random_pythia(directory)
    return str(directory)


def _build_bundle(source: ModelSource, folder: str) -> Path:
    from briefd_build.bench.running import check_causal  # noqa: PLC0415 - takes seconds to import
    from briefd_build.generative.building import build_generative  # noqa: PLC0415 - likewise
    from briefd_build.generative.conversion import Options  # noqa: PLC0415 - likewise

    check_causal(source)
    bundle = Path(folder, "bundle")
    with progress() as report:
        build_generative(str(source.directory), bundle, (), Options(), report)
    return bundle
