"""A bench from a model's directory to the report: the contenders, what they need of the machine, and their work."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_build.bench.child import PROCESS_BYTES
from briefd_build.bench.contender import AbsentError
from briefd_build.bench.ctranslate2_peer import Ctranslate2Int8
from briefd_build.bench.llama_cpp_peer import LlamaCpp
from briefd_build.bench.measuring import Work, measure
from briefd_build.bench.ours import list_variants
from briefd_build.bench.prompts import make_prompts
from briefd_build.bench.report import Report
from briefd_build.bench.torch_peers import PytorchInt8, TransformersFloat32
from briefd_build.errors import BuildError
from briefd_build.generative.requirements import read_size
from briefd_build.generative.source import ModelSource, load_tokenizer
from briefd_build.machine import describe_processor
from briefd_build.room import check_disk, check_memory, free_disk_bytes, free_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.bench.contender import Contender

PROMPT_TOKENS = 128
NEW_TOKEN_COUNTS = (20, 48)
# 16 x 48 tokens: a share of 98 % is then known to about half a point.
_AGREEMENT_PROMPTS = 16
# Of the float32 weights: a GGUF file of the same size, then 8.5 and 4.5 bits a weight, and CTranslate2's 8 bits.
_DISK_SHARE = 1.7
# Of the float32 weights, with all contenders in memory: transformers once, PyTorch once before it quantizes, llama.cpp
# 1.4 in its three forms, CTranslate2 and ours a quarter or less each.
_MEMORY_SHARE = 4.5
_FLOAT32_BYTES = 4


def run_bench(
    source: ModelSource,
    bundle: Path,
    text: str | None,
    rounds: int,
    thread_counts: Sequence[int],
    tell: Callable[[str], None],
) -> Report:
    """Measure the engines that are installed, with the weights of `source` and the bundle made of them.

    Args:
        source: the model, a causal one.
        bundle: directory of the bundle.
        text: what the prompts are cut from; None takes common English words in random order.
        rounds: turns of every engine.
        thread_counts: each engine is measured with each of them.
        tell: told what is being done.

    Raises:
        BuildError: the model, the bundle, the machine or the text won't do.
        BundleError: there is no bundle.

    """
    check_causal(source)
    prompts = make_prompts(load_tokenizer(source), text, _AGREEMENT_PROMPTS, PROMPT_TOKENS)
    variants = list_variants(bundle, source)
    with tempfile.TemporaryDirectory(prefix="briefd-bench-") as folder:
        contenders = [*list_peers(source.directory, Path(folder)), *variants]
        _check_machine(source, Path(folder), len(contenders) * len(thread_counts), len(thread_counts))
        try:
            outcome = measure(contenders, Work(prompts, NEW_TOKEN_COUNTS, thread_counts, rounds), tell)
        except AbsentError as error:
            raise BuildError(f"transformers can't run {source.name}, and all is compared with it: {error}") from error
    agreement_tokens = _AGREEMENT_PROMPTS * max(NEW_TOKEN_COUNTS)
    model = source.name if source.revision else source.directory.resolve().name
    return Report(model, PROMPT_TOKENS, agreement_tokens, describe_processor(), outcome)


def check_causal(source: ModelSource) -> None:
    """Refuse a model with an encoder; raises `BuildError`."""
    if source.is_encoder_decoder:
        raise BuildError(f"{source.name} has an encoder; the bench compares causal models only, such as gpt_neox")


def list_peers(directory: Path, work: Path) -> list[Contender]:
    """List the other engines for the model in `directory`; those that make files make them in `work`."""
    return [
        TransformersFloat32(directory),
        PytorchInt8(directory),
        Ctranslate2Int8(directory, work),
        *(LlamaCpp(directory, work, form) for form in ("F32", "Q8_0", "Q4_0")),
    ]


def _check_machine(source: ModelSource, folder: Path, process_count: int, instance_count: int) -> None:
    """Refuse what would not fit, before anything is loaded."""
    size = read_size(source)
    weight_bytes = _FLOAT32_BYTES * (size.layer_weights + 2 * size.table_weights)
    takes, remedy = "the bench takes about", "set TMPDIR to a directory with more"
    check_disk(takes, _DISK_SHARE * weight_bytes, folder, free_disk_bytes(folder), remedy)
    memory_bytes = _MEMORY_SHARE * weight_bytes * instance_count + PROCESS_BYTES * process_count
    remedy = "measure one --threads at a time, or on a larger machine"
    check_memory(takes, memory_bytes, free_memory_bytes(), remedy)
