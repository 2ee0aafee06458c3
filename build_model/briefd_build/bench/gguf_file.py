"""A GGUF file of a Hugging Face causal model, in float32: what llama.cpp reads and quantizes.

The names of tensors and keys are those of the `gguf` package; how weights are arranged follows llama.cpp's converter.
The file holds no vocabulary, only its size: the bench drives every engine with token ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from briefd_build.bench.contender import AbsentError, import_peer
from briefd_build.bench.torch_peers import load_float32

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_FLOAT32_FILE_TYPE = 0  # LLAMA_FTYPE_ALL_F32


@dataclass(frozen=True)
class _Family:
    """How a family's configuration and weights become GGUF's.

    Attributes:
        architecture: its name in GGUF.
        describe: writes the keys that are the family's own.
        arrange: turns a weight, given its name, into GGUF's order.
    """

    architecture: str
    describe: Callable[[Any, Any], None]
    arrange: Callable[[str, torch.Tensor, Any], torch.Tensor]


def write_gguf(directory: Path, path: Path) -> None:
    """Write the model in `directory` to the GGUF file `path`.

    Raises:
        AbsentError: `gguf` is not installed, or the family or a part of its configuration is not covered.

    """
    gguf = import_peer("gguf", "gguf")
    model = load_float32(directory, torch.get_num_threads())
    family = _FAMILIES.get(model.config.model_type)
    if family is None:
        raise AbsentError(
            f"no conversion of {model.config.model_type} models to GGUF here, only {', '.join(_FAMILIES)}"
        )
    _refuse_scaled_rotations(model.config)
    # Written beside its place: a file that stands there is whole.
    part = path.with_suffix(".part")
    writer = gguf.GGUFWriter(part, family.architecture)
    _describe(writer, model.config)
    family.describe(writer, model.config)
    for name, tensor in _named_tensors(gguf, family, model):
        writer.add_tensor(name, tensor.contiguous().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.rename(path)


def _describe(writer: Any, config: Any) -> None:
    writer.add_file_type(_FLOAT32_FILE_TYPE)
    writer.add_tokenizer_model("no_vocab")
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)


def _named_tensors(gguf: Any, family: _Family, model: Any) -> list[tuple[str, torch.Tensor]]:
    """Return every weight under its GGUF name; an output layer tied to the embedding is written once."""
    architecture = next(number for number, name in gguf.MODEL_ARCH_NAMES.items() if name == family.architecture)
    names = gguf.get_tensor_name_map(architecture, model.config.num_hidden_layers)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    return [(_gguf_name(names, name), family.arrange(name, weight, model.config)) for name, weight in weights.items()]


def _gguf_name(names: Any, name: str) -> str:
    found: str | None = names.get_name(name, try_suffixes=(".weight", ".bias"))
    if found is None:
        raise AbsentError(f"GGUF has no name for the weight {name}")
    return found


def _refuse_scaled_rotations(config: Any) -> None:
    kind = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if kind != "default":
        raise AbsentError(f"the conversion to GGUF here does not cover rotary positions of the type {kind!r}")


def _describe_gpt_neox(writer: Any, config: Any) -> None:
    head_size = config.hidden_size // config.num_attention_heads
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_rope_dimension_count(int(config.rope_parameters["partial_rotary_factor"] * head_size))
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_parallel_residual(config.use_parallel_residual)
    writer.add_layer_norm_eps(config.layer_norm_eps)


def _arrange_gpt_neox(name: str, weight: torch.Tensor, config: Any) -> torch.Tensor:
    """Gather the rows of all queries, then keys, then values, which GPT-NeoX keeps head by head."""
    if ".query_key_value." not in name:
        return weight
    by_head = weight.reshape(config.num_attention_heads, 3, -1, *weight.shape[1:])
    return by_head.transpose(0, 1).reshape(weight.shape)


def _describe_gpt2(writer: Any, config: Any) -> None:
    writer.add_feed_forward_length(config.n_inner or 4 * config.hidden_size)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)


def _arrange_gpt2(name: str, weight: torch.Tensor, _config: Any) -> torch.Tensor:
    """Transpose the weights of `Conv1D`."""
    is_conv = name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight"))
    return weight.T if is_conv else weight


def _describe_llama(writer: Any, config: Any) -> None:
    head_size = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    writer.add_rope_dimension_count(head_size)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)


def _arrange_llama(name: str, weight: torch.Tensor, config: Any) -> torch.Tensor:
    """Interleave the halves of queries and keys: llama.cpp rotates neighbours of this family, transformers halves."""
    if ".q_proj." in name:
        heads = config.num_attention_heads
    elif ".k_proj." in name:
        heads = config.num_key_value_heads
    else:
        return weight
    halves = weight.reshape(heads, 2, -1, *weight.shape[1:])
    return halves.transpose(1, 2).reshape(weight.shape)


def _as_it_is(_name: str, weight: torch.Tensor, _config: Any) -> torch.Tensor:
    return weight


_FAMILIES = {
    "gpt_neox": _Family("gptneox", _describe_gpt_neox, _arrange_gpt_neox),
    "gpt2": _Family("gpt2", _describe_gpt2, _arrange_gpt2),
    "llama": _Family("llama", _describe_llama, _arrange_llama),
    "qwen2": _Family("qwen2", _describe_llama, _as_it_is),
}
