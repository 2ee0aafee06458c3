"""What a fine-tuning takes of disk and memory, told from the headers of the weights before anything is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_build.generative.requirements import read_size
from briefd_build.generative.source import read_shapes
from briefd_build.room import check_disk, check_memory, free_disk_bytes, free_memory_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.finetuning.settings import Settings
    from briefd_build.generative.source import ModelSource

_FLOAT32_BYTES = 4
# PyTorch, transformers and peft themselves, as measured with PyTorch's build for processors.
_MEMORY_FIXED_BYTES = 500 << 20
# Of everything that is trained, a checkpoint holds the weight and the optimizer's two averages, and a new checkpoint
# is written beside the last one; memory holds a gradient besides.
_CHECKPOINT_COPIES, _CHECKPOINTS, _TRAINED_COPIES = 3, 2, 4


def check_requirements(source: ModelSource, settings: Settings, folder: Path, out: Path) -> None:
    """Refuse a fine-tuning that can't end well.

    Raises:
        BuildError: there is too little disk, or less memory than the weights alone take.

    """
    size = read_size(source)
    model_bytes = _FLOAT32_BYTES * (size.layer_weights + 2 * size.table_weights)
    trained_bytes = model_bytes if settings.full else _lora_bytes(source, settings.rank)
    disk_bytes = model_bytes + _CHECKPOINTS * _CHECKPOINT_COPIES * trained_bytes
    memory_bytes = _MEMORY_FIXED_BYTES + model_bytes + _TRAINED_COPIES * trained_bytes
    takes, remedy = "the checkpoints and the model take up to", "make room, or name another --build and --out"
    for directory in (folder, out):
        check_disk(takes, disk_bytes, directory, free_disk_bytes(directory), remedy)
    remedy = "end other programs, train without --full, or on a larger machine"
    check_memory("the training takes at least", memory_bytes, free_memory_bytes(), remedy)


def _lora_bytes(source: ModelSource, rank: int) -> int:
    """Bytes of LoRA's matrices beside every matrix; of pickled weights, which can't be looked into, none."""
    matrices = (shape for shape in read_shapes(source).values() if len(shape) == 2)
    return _FLOAT32_BYTES * rank * sum(map(sum, matrices))
