"""What a headline model makes of held-out passages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from briefd_build.byte_level import END_OF_TEXT
from briefd_build.headlines.pairs import LEAST_WORDS, MOST_WORDS, found_share
from briefd_build.headlines.tokens import TEMPLATE
from briefd_build.headlines.training import summary_predictions
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokenizers import Tokenizer
    from transformers import GPTNeoXForCausalLM

    from briefd_build.headlines.batches import Batch
    from briefd_build.headlines.pairs import Pair

MOST_NEW_TOKENS = 48


@dataclass(frozen=True)
class Sample:
    """A held-out text, the teacher's sentence and the model's own, decoded greedily and without constraints."""

    text: str
    teacher: str
    written: str


@dataclass(frozen=True)
class Measures:
    """How well a model does on held-out passages; shares are 0 to 1.

    Attributes:
        token_loss: of the teacher's sentence, given its beginning, in nats a token.
        token_accuracy: share of those tokens that are the model's first choice.
        sentence_count: sentences that were written for the shares below.
        words_found: share of the written words whose stems the text holds.
        within_length: share of the sentences with 10 to 15 words, with nothing that forces the length.
        ended: share of the sentences that the model ended by itself.
    """

    token_loss: float
    token_accuracy: float
    sentence_count: int
    words_found: float
    within_length: float
    ended: float


def measure(
    network: GPTNeoXForCausalLM, tokenizer: Tokenizer, batches: Iterable[Batch], pairs: Sequence[Pair]
) -> tuple[Measures, list[Sample]]:
    """Measure a model on `batches` of held-out examples, and write a sentence for each of `pairs`."""
    training = network.training
    network.eval()
    loss, correct, count = 0.0, 0, 0
    for batch in batches:
        each, right = summary_predictions(network, batch.to(network.device))
        loss, correct, count = loss + float(each.sum()), correct + int(right.sum()), count + len(each)
    written = [write(network, tokenizer, pair.text) for pair in pairs]
    samples = [Sample(pair.text, pair.summary, text) for pair, (text, _) in zip(pairs, written, strict=True)]
    network.train(training)
    measures = Measures(
        token_loss=loss / count,
        token_accuracy=correct / count,
        sentence_count=len(samples),
        words_found=_mean(found_share(sample.written, sample.text) for sample in samples),
        within_length=_mean(LEAST_WORDS <= count_words(sample.written) <= MOST_WORDS for sample in samples),
        ended=_mean(ended for _, ended in written),
    )
    return measures, samples


@torch.no_grad()
def write(network: GPTNeoXForCausalLM, tokenizer: Tokenizer, text: str) -> tuple[str, bool]:
    """Write a sentence for a text, greedily; says also whether the model ended it by itself."""
    ids = tokenizer.encode(TEMPLATE.prefix).ids + tokenizer.encode(text + TEMPLATE.suffix).ids
    prompt = torch.tensor([ids], device=network.device)
    end = tokenizer.token_to_id(END_OF_TEXT)
    answer = network.generate(  # type: ignore[misc]  # the mix-in's self type is not the model's
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=MOST_NEW_TOKENS,
        do_sample=False,
        use_cache=True,
        eos_token_id=end,
        pad_token_id=end,
    )[0, len(ids) :].tolist()
    return tokenizer.decode(answer).strip(), end in answer


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)
