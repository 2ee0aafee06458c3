"""Writing the headline model as an ordinary Hugging Face directory."""

from __future__ import annotations

import copy
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import torch
from transformers import GenerationConfig, PreTrainedTokenizerFast
from transformers.utils import logging as transformers_logging

from briefd_build.byte_level import END_OF_TEXT
from briefd_build.errors import BuildError
from briefd_build.headlines.measuring import MOST_NEW_TOKENS
from briefd_build.headlines.pairs import LEAST_WORDS, MOST_WORDS
from briefd_build.headlines.tokens import TEMPLATE
from briefd_build.templates import TEMPLATE_NAME, write_template

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer
    from transformers import GPTNeoXForCausalLM

    from briefd_build.headlines.measuring import Sample

_PROVENANCE_NAME = "provenance.json"
_PARTIAL = ".partial"
_SHOWN_SAMPLES = 5


def make_directory(directory: Path) -> None:
    """Make a directory for a model, before hours of work turn out to have no place to go.

    Raises:
        BuildError: it can't be made, or not be written to.
    """
    try:
        (directory / _PARTIAL).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BuildError(f"{directory} cannot be written to ({error.strerror}); name another --out") from error


def write_model(
    directory: Path,
    network: GPTNeoXForCausalLM,
    tokenizer: Tokenizer,
    provenance: dict[str, Any],
    samples: Sequence[Sample],
) -> None:
    """Write a model's files: weights, configuration, tokenizer, template, card, provenance.

    Each takes the place of an older one once all are written; other files of the directory stay.
    """
    partial = directory / _PARTIAL
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    transformers_logging.disable_progress_bar()
    _untied(network).save_pretrained(partial)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END_OF_TEXT,
        eos_token=END_OF_TEXT,
        pad_token=END_OF_TEXT,
        add_prefix_space=True,
        model_max_length=network.config.max_position_embeddings,
    ).save_pretrained(partial)
    texts = {
        TEMPLATE_NAME: write_template(TEMPLATE),
        _PROVENANCE_NAME: json.dumps(provenance, indent=2) + "\n",
        "README.md": _card(network, provenance, samples),
    }
    for name, text in texts.items():
        (partial / name).write_text(text, encoding="utf-8")
    for file in partial.iterdir():
        os.replace(file, directory / file.name)
    partial.rmdir()


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
        bos_token_id=0, eos_token_id=0, pad_token_id=0, do_sample=False, max_new_tokens=MOST_NEW_TOKENS
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
    quoted = ((sample.text.replace("\n", "\n> "), sample.written) for sample in samples[:_SHOWN_SAMPLES])
    shown = "\n\n".join(f"> {text}\n\n{written}" for text, written in quoted)
    config = network.config
    return f"""---
language: en
license: apache-2.0
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

## Texts that it and its teacher were trained on, and their licences

{sources}
"""
