"""What of a model is trained: LoRA's small matrices beside its linear layers, or all of its weights."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from peft import LoraConfig, get_peft_model

from briefd_build.finetuning.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from transformers import PreTrainedModel

    from briefd_build.pipeline.model import Lesson

# All linear layers of attention and feed-forward, as QLoRA (Dettmers et al., 2023) found to be what LoRA needs.
_LLAMA_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
LORA_LAYERS = {
    "gpt_neox": ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"),
    "gpt2": ("c_attn", "c_proj", "c_fc"),
    "llama": _LLAMA_LAYERS,
    "qwen2": _LLAMA_LAYERS,
    "t5": ("q", "k", "v", "o", "wi", "wi_0", "wi_1", "wo"),
    "bert": ("query", "key", "value", "dense"),
    "bart": ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"),
}
# GPT-2's layers store their weights as [inputs, outputs].
_TRANSPOSED_FAMILIES = ("gpt2",)


class Adapted(NamedTuple):
    """A model that is ready to be trained: those of its parameters that shall be ask for a gradient.

    Attributes:
        network: computes; merging changes it.
        merge: gives the model in its family's own form, with what was learned in its weights.
    """

    network: PreTrainedModel
    merge: Callable[[], PreTrainedModel]


def weights_of(lesson: Lesson) -> Settings:
    """Tell which weights a lesson trains."""
    if lesson.lora_rank is None:
        return Settings(full=True)
    return Settings(rank=lesson.lora_rank, alpha=Settings.alpha // Settings.rank * lesson.lora_rank)


def adapt(model: PreTrainedModel, family: str, settings: Settings) -> Adapted:
    """Make a model ready; LoRA's first matrices are random (torch's own generator), its second ones 0."""
    if settings.full:
        return Adapted(model.requires_grad_(), lambda: model)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=_find_layers(model, LORA_LAYERS[family]),
        fan_in_fan_out=family in _TRANSPOSED_FAMILIES,
    )
    # The layers are replaced within the model itself: it computes as it always did.
    with warnings.catch_warnings():
        # peft asks transformers by an old name whether activations are kept: nothing that a user could mend.
        warnings.simplefilter("ignore", FutureWarning)
        adapted: Any = get_peft_model(model, config)
    return Adapted(model, adapted.merge_and_unload)


def _find_layers(model: PreTrainedModel, names: Sequence[str]) -> list[str]:
    """Find the paths of layers by their own names; of a layer that was replaced by two thinner ones, both."""
    found = []
    for path, module in model.named_modules():
        if path.rpartition(".")[2] in names:
            parts = [f"{path}.{name}" for name, _ in module.named_children()]
            found += parts or [path]
    return found
