"""A task that a tiny network learns in seconds: sentences about old or broken things are bad news."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from tiny_corpus import sentence

from briefd_build.classification.labelled import LabelledText

if TYPE_CHECKING:
    from pathlib import Path

LABELS = ("bad", "good")
_BAD = ("old", "broken")


def toy_texts(count: int, seed: int = 1, noise: float = 0.0) -> list[LabelledText]:
    """Draw labelled sentences that all differ; `noise` is the share of labels that are wrong."""
    chance = random.Random(seed)
    texts = dict.fromkeys(sentence(chance) for _ in range(20 * count))
    assert len(texts) >= count
    labelled = []
    for number, text in enumerate(list(texts)[:count]):
        is_bad = any(word in text for word in _BAD) != (chance.random() < noise)
        labelled.append(LabelledText(text, LABELS[not is_bad], str(number)))
    return labelled


def write_toy_set(file: Path, count: int = 300) -> None:
    """Write toy texts as JSON lines."""
    lines = [json.dumps({"text": each.text, "label": each.label}) for each in toy_texts(count)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
