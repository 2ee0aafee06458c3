"""Texts in which a reader marked the sentences that serve a busy person best, alone and without the rest.

The reader knew nothing of the chooser. The marks stand in `corpora/data/picked-en.jsonl` by their places in texts that
stay where they are, whatever their licence: our own messages, the English Web Treebank, and `pairs`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

from briefd_build.choosing.pairs import GROUPS, read_pairs
from briefd_build.choosing.texts import read_messages, read_treebank_documents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from briefd_build.choosing.texts import ChoiceText

PICKED = "picked"
_MARKS = "corpora/data/picked-en.jsonl"
# Those that were given to the reader are among so many texts of a group.
_MOST_PAIRS = 400


def read_picked(data: Path, messages: Path) -> list[ChoiceText]:
    """Read the marked texts, each with what serves best as `wanted` and with second choices as `acceptable`."""
    texts = {(text.group, text.identifier): text for text in _sources(data, messages)}
    marks = (json.loads(line) for line in (resources.files("briefd_build") / _MARKS).read_text("utf-8").splitlines())
    return [
        replace(
            texts[key],
            group=PICKED,
            references=(),
            wanted=_passages(texts[key].text, mark["best"]),
            acceptable=_passages(texts[key].text, mark["good"]),
        )
        for mark in marks
        if (key := (mark["group"], mark["id"])) in texts
    ]


def _sources(data: Path, messages: Path) -> Iterator[ChoiceText]:
    yield from read_messages(messages)
    yield from read_treebank_documents(data / "ud_english_ewt" / "train.conllu.gz", "ewt")
    for group in GROUPS:
        yield from read_pairs(data / "pairs", group, "train", _MOST_PAIRS)


def _passages(text: str, places: list[list[int]]) -> tuple[str, ...]:
    return tuple(text[start:end] for start, end in places)
