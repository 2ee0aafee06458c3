"""Texts to train on, to choose by and to measure on; no text, and no group of texts, is in two of them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from briefd_build.classification.labelled import LabelledText

_TEST_SHARE, _DEV_SHARE = 0.1, 0.05


class Split(NamedTuple):
    """Texts to train on, texts for choices and checks along the way, and texts that only the evaluation reads."""

    train: list[LabelledText]
    dev: list[LabelledText]
    test: list[LabelledText]


def split_by_group(labelled: Iterable[LabelledText]) -> Split:
    """Split: a tenth of the groups for the test, a twentieth for choices; a text that comes again is dropped.

    A group's place is decided by the hash of its name alone: it stays where it is when other texts come or go.
    """
    split = Split([], [], [])
    for each in without_twins(labelled):
        place = int.from_bytes(hashlib.sha256(each.group.encode()).digest()[:8], "big") / 2**64
        part = split.test if place < _TEST_SHARE else split.dev if place < _TEST_SHARE + _DEV_SHARE else split.train
        part.append(each)
    return split


def without_twins(labelled: Iterable[LabelledText], known: Sequence[LabelledText] = ()) -> list[LabelledText]:
    """Leave out texts that were there before, or are among those known, whatever their case and white space."""
    seen = {_key(each.text) for each in known}
    kept = []
    for each in labelled:
        if (key := _key(each.text)) not in seen:
            seen.add(key)
            kept.append(each)
    return kept


def _key(text: str) -> str:
    return " ".join(text.casefold().split())
