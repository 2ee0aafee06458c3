"""Learning the weights of the sentence's standing from what people picked.

Every group of texts counts by its share, however many texts it has: mails, tickets, notices and logs as much as
abstracts or news. The wanted distribution of a text is a softmax over how good its sentences are: of several good ones
none is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.choosing.blending import blend
from briefd_build.choosing.fitting import Choice, fit_weights
from briefd_build.choosing.pairs import GROUPS as PAIR_GROUPS
from briefd_build.choosing.pairs import read_pairs
from briefd_build.choosing.picked import PICKED, read_picked
from briefd_build.choosing.rating import rate_text
from briefd_build.choosing.texts import (
    read_abstracts,
    read_messages,
    read_posts,
    read_treebank_texts,
    sample,
)
from briefd_server.engines.extractive.prospects import StandingByCosts
from briefd_server.engines.extractive.standing_features import FEATURES, WORTH, sentence_features

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from briefd_build.choosing.rating import RatedText
    from briefd_build.choosing.texts import ChoiceText
    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.engine import ExtractiveEngine

MESSAGES = "messages"
# What each group counts, and how many of its texts are read: a few hundred choices fix a weight well enough.
_SHARES = {
    PICKED: 3.0, MESSAGES: 1.5, "abstracts": 1.5, "posts": 0.4, "gum": 0.4, "news": 0.6, "blogs": 0.4,
    "documentation": 0.25, "proposals": 0.2, "advisories": 0.3, "alerts": 0.15, "commits": 0.2,
}  # fmt: skip
_MOST_TEXTS = {
    "abstracts": 1200, "posts": 300, "news": 250, "blogs": 150, "documentation": 100, "proposals": 80,
    "advisories": 250, "alerts": 120, "commits": 300,
}  # fmt: skip
_MOST_DEV_PAIRS = 100
# Of the nearness that makes a sentence e times as likely to be picked as another, and of the penalty (see `fitting`):
# tuned on the dev sets, of 0.05, 0.1, 0.2 and of 0.001, 0.003, 0.01, 0.03.
_TEMPERATURE = 0.1
_PENALTY = 0.01
# Nearness to a summary doesn't see that a sentence comes out worse the more has to be cut from it; its words' own worth
# does. In log-odds a unit of value: of 0, 0.03, 0.06, 0.1 and 0.15 about the most that costs nothing on the dev sets.
_LEAST_WORTH_WEIGHT = 0.04
# Where no sentence is near to the references, they say nothing of which is picked.
_LEAST_QUALITY = 0.25
FEATURE_NAMES = tuple(sorted(FEATURES))


def read_training_texts(data: Path, messages: Path) -> dict[str, list[ChoiceText]]:
    """Read the texts that the weights are learned from, by group."""
    treebank = list(read_treebank_texts(data / "gum" / "train.conllu.gz"))
    posts = sample(read_posts(data / "gov_posts" / "train.jsonl.gz"), _MOST_TEXTS["posts"])
    return {
        PICKED: read_picked(data, messages),
        MESSAGES: list(read_messages(messages)),
        "abstracts": sample(read_abstracts(data / "scitldr" / "train.jsonl.gz"), _MOST_TEXTS["abstracts"]),
        # Half of them in one line, as texts come from programs that know no paragraphs.
        "posts": list(_every_second_in_one_line(posts)),
        "gum": list(_every_second_in_one_line(treebank)),
        **{group: read_pairs(data / "pairs", group, "train", _MOST_TEXTS[group]) for group in PAIR_GROUPS},
    }


def read_dev_texts(data: Path) -> dict[str, list[ChoiceText]]:
    """Read the texts that tell how well it was learned, by group; the picked ones are judged by cross-validation."""
    treebank = chain(*(read_treebank_texts(data / "gum" / f"{split}.conllu.gz") for split in ("dev", "test")))
    return {
        "abstracts": list(read_abstracts(data / "scitldr" / "dev.jsonl.gz")),
        "posts": list(read_posts(data / "gov_posts" / "dev.jsonl.gz")),
        "gum": list(treebank),
        **{group: read_pairs(data / "pairs", group, "dev", _MOST_DEV_PAIRS) for group in PAIR_GROUPS},
    }


def _every_second_in_one_line(texts: Sequence[ChoiceText]) -> Iterable[ChoiceText]:
    for number, text in enumerate(texts):
        yield text if number % 2 else replace(text, text=" ".join(text.text.split("\n")))


@dataclass(frozen=True)
class Example:
    """A rated text with the features of its sentences, [sentence, feature] in the order of `FEATURE_NAMES`."""

    text: RatedText
    features: NDArray[np.float64]


def read_examples(
    engine: ExtractiveEngine,
    costs: Costs,
    texts: dict[str, list[ChoiceText]],
    language: str,
    report: Callable[[str, float], None],
) -> dict[str, list[Example]]:
    """Read the texts with the encoder, and tell their sentences' features and how good a choice each is."""
    count = sum(map(len, texts.values()))
    done = 0
    examples: dict[str, list[Example]] = {}
    for group, members in texts.items():
        examples[group] = []
        for text in members:
            report(f"reading {group}", done / count)
            done += 1
            if rated := rate_text(engine, costs, text, language):
                examples[group].append(Example(rated, stack_features(rated, language)))
    return examples


def learn_weights(examples: dict[str, list[Example]], costs: Costs) -> dict[str, float]:
    """Fit the weights, by name, in units of value (see `unit_of_value`), blended with the costs' rows."""
    choices = [choice for group, members in examples.items() for choice in _choices(members, _SHARES[group])]
    weights = fit_weights(choices, _PENALTY)
    worth = FEATURE_NAMES.index(WORTH)
    weights[worth] = max(weights[worth], _LEAST_WORTH_WEIGHT)
    everything = list(chain(*examples.values()))
    scaled = weights * unit_of_value(everything, weights, costs)
    return blend(dict(zip(FEATURE_NAMES, scaled.tolist(), strict=True)), costs)


def _choices(examples: Iterable[Example], share: float) -> list[Choice]:
    telling = [each for each in examples if len(each.features) > 1 and each.text.quality.max() >= _LEAST_QUALITY]
    return [Choice(each.features, wanted_distribution(each.text.quality), share / len(telling)) for each in telling]


def wanted_distribution(quality: NDArray[np.float64]) -> NDArray[np.float64]:
    """Tell how often each sentence of a text shall be picked: [sentence] probabilities."""
    odds = np.exp((quality - quality.max()) / _TEMPERATURE)
    return np.asarray(odds / odds.sum())


def unit_of_value(examples: Sequence[Example], weights: NDArray[np.float64], costs: Costs) -> float:
    """Tell how many units of value one unit of log-odds is.

    The chooser's other prices between sentences (of joining two, for one) are in units of value. They keep their force
    if the standings of a text's sentences differ as much as those by the costs' own rows do: by the same standard
    deviation within a text.
    """
    by_costs = StandingByCosts(costs)
    learned = _deviation_within([each.features @ weights for each in examples])
    given = _deviation_within([np.array(by_costs(each.text.offers).standings(each.text.totals)) for each in examples])
    return given / learned


def _deviation_within(texts: Sequence[NDArray[np.float64]]) -> float:
    return float(np.sqrt(np.mean(np.concatenate([(values - values.mean()) ** 2 for values in texts]))))


def stack_features(text: RatedText, language: str) -> NDArray[np.float64]:
    """Give the features of a text's sentences, [sentence, feature], in the order of `FEATURE_NAMES`."""
    features = sentence_features(text.offers, text.totals, language)
    return np.stack([features[name] for name in FEATURE_NAMES], axis=1)
