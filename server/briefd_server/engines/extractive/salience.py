"""What the whole document says about a word's salience, beyond the window that the encoder sees.

A word that recurs is what the document is about (Luhn 1958, "The Automatic Creation of Literature Abstracts"), and its
other mentions were read as well: every mention gets the mean of all, plus a bonus for their number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.reading import SentenceReading

# Log-odds for every e-fold of mentions, the best of 0, 0.2, 0.3, 0.4, 0.5 and 0.7 on a sample of the training documents
# (area under the curve 0.8793; 0.8748 without).
_REPETITION = 0.3


def spread_salience(readings: Sequence[SentenceReading]) -> list[SentenceReading]:
    """Share the salience of every word among its mentions, case ignored, over all sentences of a text."""
    counts: Counter[str] = Counter()
    sums: defaultdict[str, float] = defaultdict(float)
    forms = [[word.lower() for word in reading.words] for reading in readings]
    for reading, lower in zip(readings, forms, strict=True):
        counts.update(lower)
        for form, salience in zip(lower, reading.salience.tolist(), strict=True):
            sums[form] += salience
    shared = {form: sums[form] / count + _REPETITION * log(count) for form, count in counts.items()}
    return [
        replace(reading, salience=np.array([shared[form] for form in lower], dtype=np.float32))
        for reading, lower in zip(readings, forms, strict=True)
    ]
