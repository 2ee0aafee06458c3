"""What a sentence of a text is worth for being this one, whichever of its words are kept: the choice of the sentence.

A linear model over features of the sentence in its text (`standing_features`), whose weights the bundle's manifest
holds. They are those of a conditional logit (McFadden 1974) over the sentences of a text, fitted on what people picked
(see `briefd_build.choosing`). One of the features is the worth of the sentence's own best words, so that the standing
also settles how much of that counts between sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.extractive.prospects import Prospects
from briefd_server.engines.extractive.setting import CUES
from briefd_server.engines.extractive.standing_features import (
    FEATURES,
    LEAST_WORTH,
    MOST_WORTH,
    WORTH,
    sentence_features,
)
from briefd_server.languages import read_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from briefd_server.engines.extractive.offers import Offer


@dataclass(frozen=True)
class Standing:
    """Weights of features, in units of value a unit of the feature; a feature without a weight counts nothing.

    Attributes:
        weights: by the features' names.
        language: BCP 47 tag of the language whose cues are looked for.
    """

    weights: Mapping[str, float]
    language: str

    def __call__(self, offers: Sequence[Offer]) -> Prospects:
        """Tell what each sentence of a text is worth for being this one, in units of value."""
        if not offers:
            return Prospects([], 0.0)
        features = sentence_features(offers, [0.0] * len(offers), self.language)
        bases = np.sum([weight * features[name] for name, weight in self.weights.items() if name != WORTH], axis=0)
        return Prospects(bases.tolist(), self.weights[WORTH], LEAST_WORTH, MOST_WORTH)

    @classmethod
    def from_json(cls, table: object, language: str) -> Standing:
        """Read a manifest's table.

        Raises:
            ValueError: a name that is no feature, a feature without a weight, a weight that is not a finite number, or
                a language without a table of cues.
        """
        if not isinstance(table, dict):
            raise ValueError("the weights of the sentence's standing must be an object; rebuild the bundle")  # noqa: TRY004 - one error for callers
        if unknown := sorted(set(table) - FEATURES):
            raise ValueError(f"the sentence's standing has an unknown feature {unknown[0]!r}; rebuild the bundle")
        if missing := sorted(FEATURES - set(table)):
            raise ValueError(f"the sentence's standing lacks the feature {missing[0]!r}; rebuild the bundle")
        return cls({name: _number(name, weight) for name, weight in table.items()}, _with_cues(language))


def _with_cues(language: str) -> str:
    """Give the primary subtag of a language whose cues are at hand."""
    primary = language.split("-", maxsplit=1)[0]
    try:
        read_words(primary, CUES)
    except FileNotFoundError:
        raise ValueError(f"there are no cues of {primary} for the sentence's standing; build it without") from None
    return primary


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e3 < value < 1e3:
        raise ValueError(f"the weight of {name} must be a number between -1e3 and 1e3; rebuild the bundle")
    return float(value)
