"""Language models of every supported family, made on the spot: two narrow layers, random weights, a small tokenizer.

The directories look like the published ones: configuration, generation configuration, safetensors, a tokenizer of the
family's kind (byte-level BPE; Unigram for T5) and what its special tokens are.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GenerationConfig,
    PreTrainedTokenizerFast,
)

if TYPE_CHECKING:
    from pathlib import Path

CAUSAL_FAMILIES = ("gpt_neox", "gpt2", "llama", "qwen2")
ENCODER_DECODER_FAMILIES = ("t5", "bart")
FAMILIES = (*CAUSAL_FAMILIES, *ENCODER_DECODER_FAMILIES)

# Enough English for a tokenizer that knows frequent words whole and spells the others.
CORPUS = (
    "The council voted on Monday to close the old bridge over the river for repairs.",
    "Heavy rain flooded the streets of the town, and two schools stayed closed.",
    "The company said it would hire 200 people at its new factory next year.",
    "Scientists found that the small birds return to the same trees every spring.",
    "“We did not expect this,” the mayor said; the police are still asking why.",
    "A new train line will connect the two cities by the end of the year!",
    "Prices rose by 3.5 percent in March, the fastest rise since the year 2008.",
    "The museum opened a show of paintings that had not been seen for a century.",
    "Voters go to the polls on Sunday; the result is expected before midnight.",
    "Would the river have been safe to swim in? The report, published today, says yes.",
    "Zoë and Jürgen met the naïve expert from São Paulo at the café on 5 May.",
)

_IM_START, _IM_END, _END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
_VOCABULARY = 600
# How SmolLM2's instruct models, of the family llama, write their chats.
SMOLLM2_CHAT_TEMPLATE = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# And Qwen2.5's, without the parts about tools.
QWEN2_CHAT_TEMPLATE = """{%- if messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant") %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
"""
_CHAT_TEMPLATES = {"llama": SMOLLM2_CHAT_TEMPLATE, "qwen2": QWEN2_CHAT_TEMPLATE}

_SHAPES: dict[str, dict[str, Any]] = {
    "gpt_neox": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 256,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.25},
        "tie_word_embeddings": False,
    },
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 256},
    "llama": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
    },
    "qwen2": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "intermediate_size": 64,
        "max_position_embeddings": 256,
        "tie_word_embeddings": True,
    },
    "t5": {
        "d_model": 32,
        "d_kv": 16,
        "d_ff": 64,
        "num_layers": 2,
        "num_heads": 2,
        "feed_forward_proj": "gated-gelu",
        "tie_word_embeddings": False,
        "decoder_start_token_id": 0,
    },
    "bart": {
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "max_position_embeddings": 256,
        "decoder_start_token_id": 2,
        "forced_bos_token_id": 0,
    },
}


def make_tiny_model(family: str, directory: Path, *, chat: bool = False, seed: int = 0, **config: Any) -> Path:
    """Write a model with random weights and its tokenizer.

    Args:
        family: one of `FAMILIES`.
        directory: made where it is missing.
        chat: whether the tokenizer has the tokens and the template of a chat; of the families llama and qwen2.
        seed: of the weights.
        config: fields of the family's configuration that shall have other values.

    Returns:
        The directory.

    """
    tokenizer, special = _make_tokenizer(family, chat=chat)
    ids = {f"{kind}_token_id": tokenizer.token_to_id(special[f"{kind}_token"]) for kind in ("bos", "eos", "pad")}
    if family == "t5":
        del ids["bos_token_id"]
    shape = AutoConfig.for_model(family, vocab_size=tokenizer.get_vocab_size(), **(_SHAPES[family] | ids | config))
    loader = AutoModelForSeq2SeqLM if family in ENCODER_DECODER_FAMILIES else AutoModelForCausalLM
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = loader.from_config(shape)
    model.generation_config = GenerationConfig.from_model_config(shape)
    model.save_pretrained(directory)
    if family == "t5":
        del special["bos_token"]
    chat_template = _CHAT_TEMPLATES[family] if chat else None
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=chat_template, **special).save_pretrained(
        directory
    )
    return directory


def _make_tokenizer(family: str, *, chat: bool) -> tuple[Tokenizer, dict[str, str]]:
    """Give a tokenizer and the names of its special tokens."""
    if family == "t5":
        special = {"bos_token": "<pad>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
        return _train_unigram(["<pad>", "</s>", "<unk>"]), special
    if family == "bart":
        special = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
        tokenizer = _train_byte_level(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
        return tokenizer, special
    if chat:
        special = {"bos_token": _IM_START, "eos_token": _IM_END, "pad_token": _IM_END, "unk_token": _END_OF_TEXT}
        return _train_byte_level([_END_OF_TEXT, _IM_START, _IM_END]), special
    special = {f"{kind}_token": _END_OF_TEXT for kind in ("bos", "eos", "pad", "unk")}
    return _train_byte_level([_END_OF_TEXT]), special


def _train_byte_level(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=_VOCABULARY,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return tokenizer


def _train_unigram(special: list[str]) -> Tokenizer:
    """Train a tokenizer like T5's: words begin with ▁, unknown characters are <unk>, and </s> ends every text."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(left=False)]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.train_from_iterator(
        CORPUS,
        trainers.UnigramTrainer(
            vocab_size=_VOCABULARY,
            special_tokens=special,
            unk_token="<unk>",
            initial_alphabet=[*string.ascii_letters, *string.digits, *string.punctuation],
            show_progress=False,
        ),
    )
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer
