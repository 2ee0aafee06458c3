"""What a language model writes in PyTorch, eagerly: the reference of choices and of speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from briefd_build.generative.measuring import Prompt


def write_in_pytorch(network: PreTrainedModel, prompt: Prompt, token_count: int) -> list[int]:
    """Write this many tokens greedily, with the network's key/value cache; an end-of-text token ends nothing.

    A loop of our own: `generate` takes what ends a text from the model's configuration, whatever it is told.
    """
    written: list[int] = []
    with torch.inference_mode():
        step = _Steps(network, prompt)
        token_ids = prompt.start_ids
        for _ in range(token_count):
            written.append(step.read(token_ids))
            token_ids = written[-1:]
    return written


class _Steps:
    """Reads on, and gives the best next token."""

    def __init__(self, network: Any, prompt: Prompt) -> None:
        self._network = network
        self._cache: Any = None
        self._encoded: Any = None
        if network.config.is_encoder_decoder:
            self._encoded = network.get_encoder()(input_ids=torch.tensor([prompt.prompt_ids]))

    def read(self, token_ids: Sequence[int]) -> int:
        read = torch.tensor([list(token_ids)])
        if self._encoded is None:
            given = {"input_ids": read, "logits_to_keep": 1}
        else:
            given = {"encoder_outputs": self._encoded, "decoder_input_ids": read}
        output = self._network(**given, past_key_values=self._cache, use_cache=True)
        self._cache = output.past_key_values
        return int(output.logits[0, -1].argmax())
