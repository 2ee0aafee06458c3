"""A language model of the pipeline in a folder: a Hugging Face directory, with what stages changed beside it.

Where transformers can make the network of its configuration, it opens the folder too, and so does
`brief-build generate`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GenerationConfig,
    PreTrainedTokenizerFast,
)

from briefd_build.compression.decoders import find_anatomy
from briefd_build.compression.structure import describe, rebuild
from briefd_build.folder import BuildFolder
from briefd_build.hugging_face import open_tokenizer, quiet_libraries
from briefd_build.pipeline.model import Form, Model
from briefd_build.pipeline.parsing import build
from briefd_build.pipeline.snapshots import form_to_json
from briefd_build.templates import TEMPLATE_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from transformers import PreTrainedConfig, PreTrainedModel

_WEIGHTS, _TOKENIZER, _RECORD = "model.safetensors", "tokenizer.json", "briefd-model.json"


def save_model(model: Model, network: PreTrainedModel, template: str, end_token: str | None, folder: Path) -> None:
    """Write a model to a folder, which is made where it is missing.

    Args:
        model: to write.
        network: its network.
        template: content of its `briefd-template.json`.
        end_token: what ends a text.
        folder: of the files.
    """
    quiet_libraries()
    folder.mkdir(parents=True, exist_ok=True)
    structure = describe(network, find_anatomy(network))
    _save_network(network, structure, folder)
    PreTrainedTokenizerFast(tokenizer_object=model.tokenizer, eos_token=end_token).save_pretrained(folder)
    files = BuildFolder(folder)
    # As it is: transformers writes one that has been used.
    files.write_text(_TOKENIZER, model.tokenizer.to_str())
    files.write_text(TEMPLATE_NAME, template)
    files.write_json(_RECORD, {"structure": structure, "form": form_to_json(model.form), "facts": model.facts})


def read_model(folder: Path) -> Model:
    """Read what `save_model` wrote.

    Raises:
        BuildError: the folder holds something else.

    """
    quiet_libraries()
    record = BuildFolder(folder).read_json(_RECORD)
    network = _load_network(record["structure"], folder)
    form = build(Form, record["form"], f"{_RECORD}: form")
    return Model(network.eval(), open_tokenizer(folder / _TOKENIZER), form, record["facts"])


def _save_network(network: PreTrainedModel, structure: dict[str, Any], folder: Path) -> None:
    if _is_published_layout(network.config, structure):
        network.save_pretrained(folder)
        return
    # transformers renames weights for its published layouts, and then does not find those of other layers again.
    network.config.save_pretrained(folder)
    network.generation_config.save_pretrained(folder)
    # Copies: two names of one tensor, or a part of a larger one, can't be written.
    weights = {name: tensor.detach().clone().contiguous() for name, tensor in network.state_dict().items()}
    BuildFolder(folder).write_weights(_WEIGHTS, weights)


def _load_network(structure: dict[str, Any], folder: Path) -> Any:
    config = AutoConfig.from_pretrained(folder)
    loader: Any = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    if _is_published_layout(config, structure):
        return loader.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    network = loader.from_config(config, dtype=torch.float32)
    rebuild(network, find_anatomy(network), structure)
    network.load_state_dict(BuildFolder(folder).read_weights(_WEIGHTS))
    network.generation_config = GenerationConfig.from_pretrained(folder)
    return network


def _is_published_layout(config: PreTrainedConfig, structure: dict[str, Any]) -> bool:
    """Whether transformers makes this structure of its configuration: not with thinner layers, or fewer heads."""
    shape = structure["shape"]
    return not structure["factored"] and (shape is None or shape["heads"] == config.num_attention_heads)
