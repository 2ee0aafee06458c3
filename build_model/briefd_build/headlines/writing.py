"""Writing the headline model as an ordinary Hugging Face directory."""

from __future__ import annotations

import copy
import json
import shutil
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerFast

from briefd_build.headlines.pairs import LEAST_WORDS, MOST_WORDS
from briefd_build.headlines.tokens import END_OF_TEXT, PREFIX, SUFFIX

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import GPTNeoXForCausalLM

    from briefd_build.headlines.measuring import Sample

TEMPLATE_NAME, PROVENANCE_NAME = "briefd-template.json", "provenance.json"
_MOST_NEW_TOKENS = 48
_SHOWN_SAMPLES = 5


def write_model(
    directory: Path,
    network: GPTNeoXForCausalLM,
    tokenizer: Tokenizer,
    provenance: dict[str, Any],
    samples: Sequence[Sample],
) -> None:
    """Write a model's directory, whole or not at all: weights, configuration, tokenizer, template, card, provenance."""
    partial = directory.with_name(f"{directory.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    _untied(network).save_pretrained(partial)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        add_prefix_space=True,
        model_max_length=network.config.max_position_embeddings,
    ).save_pretrained(partial)
    for name, content in {TEMPLATE_NAME: {"prefix": PREFIX, "suffix": SUFFIX}, PROVENANCE_NAME: provenance}.items():
        (partial / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (partial / "README.md").write_text(_card(network, provenance, samples), encoding="utf-8")
    shutil.rmtree(directory, ignore_errors=True)
    partial.rename(directory)


def _untied(network: GPTNeoXForCausalLM) -> GPTNeoXForCausalLM:
    """Copy a network, float32, with an output layer of its own, as the models it stands for have one."""
    config = copy.deepcopy(network.config)
    config.tie_word_embeddings = False
    config.use_cache = True
    twin = type(network)(config)
    twin.gpt_neox.load_state_dict(network.gpt_neox.state_dict())
    with torch.no_grad():
        twin.get_output_embeddings().weight.copy_(network.get_output_embeddings().weight)
    twin.generation_config = GenerationConfig(
        bos_token_id=0, eos_token_id=0, pad_token_id=0, do_sample=False, max_new_tokens=_MOST_NEW_TOKENS
    )
    return twin


def _card(network: GPTNeoXForCausalLM, provenance: dict[str, Any], samples: Sequence[Sample]) -> str:
    sources = "\n".join(f"- {source['repository']}: {source['license']}" for source in provenance["data"])
    measures = "\n".join(
        f"- {name.replace('_', ' ')}: {value:.3f}"
        if isinstance(value, float)
        else f"- {name.replace('_', ' ')}: {value}"
        for name, value in provenance["measures"].items()
    )
    shown = "\n\n".join(f"> {sample.text}\n\n{sample.written}" for sample in samples[:_SHOWN_SAMPLES])
    config = network.config
    return f"""---
language: en
library_name: transformers
pipeline_tag: text-generation
---

# briefd-headlines-en: an example and test model

A GPT-NeoX of {config.num_hidden_layers} layers, {config.hidden_size} wide, trained from nothing by
`brief-build headlines`. It shows what a generative bundle of briefd is and tests the code around one. It is **not**
meant for use: with so few parameters, so little text and so short a training it makes mistakes of grammar and of fact.

It learned to write one English sentence of {LEAST_WORDS} to {MOST_WORDS} words about a text, mostly from sentences that
briefd's own extractive bundle wrote about passages of the texts below (sequence-level distillation), besides the few
summaries of that length that people wrote. It knows one prompt, the one in `{TEMPLATE_NAME}`, and at most
{config.max_position_embeddings} tokens.

## On held-out passages

After {provenance["steps_done"]} of {provenance["recipe"]["plan"]["steps"]} steps of training; written greedily, with
nothing that forces a length:

{measures}

{shown}

## Texts it was trained on, and their licences

{sources}
"""
