"""A model made on the spot, for speed and parity where no weights are at hand: pythia-70m's shape, random weights.

Its tokenizer is a byte-level BPE trained on the words of English, weighted by how often they are used, so that texts
become about as many tokens as with a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast
from wordfreq import get_frequency_dict

from briefd_build.byte_level import train_tokenizer
from briefd_build.hugging_face import quiet_libraries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tokenizers import Tokenizer

# Of the 50,304 rows of pythia's embedding, 50,277 stand for tokens.
_TOKEN_COUNT = 50_277
# A word is given to the trainer once for each of these parts of all text that it makes up, and once at least.
_FREQUENCY_UNIT = 1e-5
# The frequencies are of words in small letters; about so many begin a sentence or are names.
_CAPITALIZED_SHARE = 0.1


def write_random_model(directory: Path, config: GPTNeoXConfig, tokenizer: Tokenizer, seed: int = 0) -> None:
    """Write a GPT-NeoX with random weights, and beside it a tokenizer whose token 0 ends a text."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = GPTNeoXForCausalLM(config)
    quiet_libraries()
    model.save_pretrained(directory)
    end = tokenizer.id_to_token(0)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token=end, eos_token=end, unk_token=end).save_pretrained(
        directory
    )


def write_random_pythia(directory: Path) -> None:
    """Write a model of the exact shape of EleutherAI/pythia-70m-deduped."""
    config = GPTNeoXConfig(
        vocab_size=50_304,
        hidden_size=512,
        num_hidden_layers=6,
        num_attention_heads=8,
        intermediate_size=2048,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.25},
        max_position_embeddings=2048,
        use_parallel_residual=True,
        tie_word_embeddings=False,
        bos_token_id=0,
        eos_token_id=0,
    )
    tokenizer = train_tokenizer(_english_words(), _TOKEN_COUNT, add_prefix_space=False)
    write_random_model(directory, config, tokenizer)


def _english_words() -> Iterator[str]:
    for word, frequency in get_frequency_dict("en", wordlist="large").items():
        yield f" {word}" * max(1, round(frequency / _FREQUENCY_UNIT))
        yield f" {word.capitalize()}" * round(_CAPITALIZED_SHARE * frequency / _FREQUENCY_UNIT)
