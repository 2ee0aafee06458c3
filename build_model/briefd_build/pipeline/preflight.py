"""What a run takes of disk and memory, said before its work starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from briefd_build.errors import BuildError
from briefd_build.room import Needs, check_disk, check_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from briefd_build.pipeline.recipe import Step

_FLOAT32_BYTES = 4
# What a stage leaves, in weights of float32: its model, and a bundle of at most as much again.
_KEPT_COPIES = 2
# And what it needs while it works: a checkpoint of weights and Adam's two moments, written beside the last one, or a
# graph beside the one that is being made of it.
_PASSING_COPIES = 6
# Weights, gradients, Adam's two moments and the teacher. Exporting holds four: see `generative.requirements`.
_TRAINING_COPIES, _EXPORTING_COPIES = 5, 4
# PyTorch, transformers and the exporter themselves, as `generative.requirements` found.
_MEMORY_FIXED_BYTES = 900 << 20
# Where there is training, the examples, and what a batch's layers keep for the way back. With a base of 91 MB the
# recovery of the default summarizer held 4.4 GB, a classifier's training 1.4 GB.
_EXAMPLE_BYTES, _OTHER_EXAMPLE_BYTES = {"extractive": 3 << 30}, 256 << 20
_DISK_FIXED_BYTES = 16 << 20


def weight_bytes_of(directory: Path) -> int | None:
    """Tell what the weights of a model's directory come to in float32; None where it is none, or of another layout.

    Raises:
        BuildError: a file of weights is damaged.

    """
    if files := sorted(directory.glob("*.safetensors")):
        return _FLOAT32_BYTES * sum(_count_weights(file) for file in files)
    pickled = sum(file.stat().st_size for file in directory.glob("*.bin"))
    # Whose numbers may be of two bytes: nobody opens them to tell.
    return 2 * pickled or None


def _count_weights(file: Path) -> int:
    try:
        with safe_open(file, "pt") as weights:
            return sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118 - no dict
    except SafetensorError as error:
        raise BuildError(f"{file} is damaged; fetch the model again") from error


def estimate_run(weight_bytes: int, task: str, steps: Sequence[Step]) -> Needs:
    """Estimate what stages take.

    Args:
        weight_bytes: of the model that the run starts from, in float32; no stage makes it larger.
        task: of the recipe.
        steps: those that are still to be done.

    """
    memory_bytes = _MEMORY_FIXED_BYTES + _EXPORTING_COPIES * weight_bytes
    if any(map(_trains, steps)):
        example_bytes = _EXAMPLE_BYTES.get(task, _OTHER_EXAMPLE_BYTES)
        memory_bytes = _MEMORY_FIXED_BYTES + _TRAINING_COPIES * weight_bytes + example_bytes
    return Needs(
        disk_bytes=weight_bytes * (_KEPT_COPIES * len(steps) + _PASSING_COPIES) + _DISK_FIXED_BYTES,
        memory_bytes=memory_bytes,
    )


def _trains(step: Step) -> bool:
    return step.stage in {"finetune", "distil"} or (step.stage == "quantize" and step.parameters.get("method") == "qat")


def check_run(
    needs: Needs, folder: Path, free_disk_bytes: Callable[[Path], int], free_memory_bytes: Callable[[], int]
) -> None:
    """Refuse a run that does not fit.

    Args:
        needs: of its stages.
        folder: where they leave their results.
        free_disk_bytes: tells what is free there.
        free_memory_bytes: tells what a process can still get.

    Raises:
        BuildError: there is too little disk or memory.

    """
    takes, remedy = "the run takes up to", "make room, or name another --build"
    check_disk(takes, needs.disk_bytes, folder, free_disk_bytes(folder), remedy)
    remedy = "end other programs, or run it on a larger machine"
    check_memory(takes, needs.memory_bytes, free_memory_bytes(), remedy)
