"""How near a sentence is to what a person wrote of the text: ROUGE-1 + ROUGE-2 F (Lin 2004), over stems."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import stems

if TYPE_CHECKING:
    from collections.abc import Sequence


def nearness(sentences: Sequence[str], references: Sequence[str]) -> list[float]:
    """Tell how near each sentence is to the references, the mean over them, from 0 to 2."""
    wanted = [_grams(reference) for reference in references]
    found = [_grams(sentence) for sentence in sentences]
    return [fmean(_f(one, each_one) + _f(two, each_two) for each_one, each_two in wanted) for one, two in found]


def _grams(text: str) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    found = stems(text)
    return Counter((stem,) for stem in found), Counter(pairwise(found))


def _f(given: Counter[tuple[str, ...]], wanted: Counter[tuple[str, ...]]) -> float:
    common = (given & wanted).total()
    return 2 * common / (given.total() + wanted.total()) if common else 0.0
