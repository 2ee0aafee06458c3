"""Whether the exported float32 graph writes what transformers writes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.generative.measuring import Prompt

# Two tokens whose logits differ by less than this share of the range of all logits are as good as equal: sums of
# thousands of float32 products in another order differ by about a tenth of it.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Parity:
    """How the exported graph's greedy tokens compare with transformers'.

    Attributes:
        prompt_count: prompts that were continued.
        token_count: greedy tokens, of all prompts together.
        tie_count: those where transformers' own best is another, but no better than rounding explains.
    """

    prompt_count: int
    token_count: int
    tie_count: int

    def to_json(self) -> dict[str, int]:
        """Write what a manifest tells."""
        return asdict(self)


def check_parity(model: Any, prompts: Sequence[Prompt], written: Sequence[Sequence[int]]) -> Parity:
    """Check that transformers would have written the same, greedily, after each prompt.

    Each token is compared with transformers' best after the tokens before it: if all agree, so do both continuations.

    Args:
        model: the float32 transformers model.
        prompts: what was continued.
        written: the exported graph's greedy tokens after each prompt.

    Raises:
        BuildError: a token is another, or the model computes no numbers.

    """
    tie_count = 0
    for prompt, tokens in zip(prompts, written, strict=True):
        logits = _logits(model, prompt, tokens)
        behind = logits.amax(dim=1) - logits.gather(1, torch.tensor(tokens)[:, None])[:, 0]
        if bool(behind.isnan().any()):
            raise BuildError("its weights compute what is no number (NaN); fetch or save the model again")
        if bool((behind > _ROUNDING * (logits.amax(dim=1) - logits.amin(dim=1))).any()):
            raise BuildError(
                "the exported model does not write what transformers writes with the same weights; "
                "this model is not supported: report its name or its config.json"
            )
        tie_count += int((behind > 0).sum())
    return Parity(len(prompts), sum(map(len, written)), tie_count)


def _logits(model: Any, prompt: Prompt, tokens: Sequence[int]) -> torch.Tensor:
    """Give the logits [tokens, vocabulary] that each of the tokens was to be chosen by."""
    read = torch.tensor([[*prompt.start_ids, *tokens[:-1]]])
    with torch.inference_mode():
        if model.config.is_encoder_decoder:
            output = model(input_ids=torch.tensor([prompt.prompt_ids]), decoder_input_ids=read)
        else:
            output = model(input_ids=read)
    logits: torch.Tensor = output.logits[0, -len(tokens) :].float()
    return logits
