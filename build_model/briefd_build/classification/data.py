"""The labelled texts that a recipe names, split."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from briefd_build.classification import rated_snippets
from briefd_build.classification.hub_set import read_hub_set
from briefd_build.classification.labelled import LabelledText, read_labelled
from briefd_build.classification.splitting import Split, split_by_group, without_twins
from briefd_build.errors import BuildError


@dataclass(frozen=True)
class DataTable:
    """A recipe's `[data]`.

    Attributes:
        set: `files` of the user's, a set on the `hub`, or the `rated-snippets` (see there).
        train: of `files`: JSON lines or a table; a tenth is held out for the test where no file is given for that.
        test: of `files`: texts to measure on.
        name: of the set on the hub.
        revision: of the set on the hub; None for the newest.
        archive: of `rated-snippets`: the source archive of vaderSentiment 3.3.2.
        labels: names, in the order in which numbers stand for them; empty: all that occur.
        license: of the texts, for the bundle's provenance.
        may_be_shown: whether reports may quote texts of the test.
    """

    set: Literal["files", "hub", "rated-snippets"] = "files"
    train: str | None = None
    test: str | None = None
    name: str | None = None
    revision: str | None = None
    archive: str = f"build/{rated_snippets.ARCHIVE}"
    labels: tuple[str, ...] = ()
    license: str = "unknown"
    may_be_shown: bool = False

    def __post_init__(self) -> None:
        if self.set == "files" and not self.train:
            raise ValueError("train is lacking: name a file of labelled texts (--set data.train=FILE)")
        if self.set == "hub" and not self.name:
            raise ValueError("name is lacking: name the set on the hub, such as SetFit/sst2")
        if len(self.labels) == 1 or len(set(self.labels)) < len(self.labels):
            raise ValueError("labels must be two names or more, each once")


@dataclass(frozen=True)
class LabelledSet:
    """Texts with their labels.

    Attributes:
        labels: names, in order.
        split: the texts.
        may_be_shown: whether reports may quote texts of the test.
        provenance: what a manifest tells of them.
    """

    labels: tuple[str, ...]
    split: Split
    may_be_shown: bool
    provenance: dict[str, Any]


def read_set(table: DataTable) -> LabelledSet:
    """Read the texts that a recipe names.

    Raises:
        BuildError: they are not to be had, or can't be learned from.
    """
    if table.set == "rated-snippets":
        split = split_by_group(rated_snippets.read_rated_snippets(Path(table.archive)))
        # The ratings are free to use; the texts are reviews, editorials and tweets of people who were not asked.
        return LabelledSet(rated_snippets.LABELS, split, may_be_shown=False, provenance=rated_snippets.PROVENANCE)
    split = read_hub_set(str(table.name), table.revision, table.labels) if table.set == "hub" else _split_files(table)
    for name, part in zip(split._fields, split, strict=True):
        if not part:
            raise BuildError(f"no text is left for {name}; add texts, of more groups where they have groups")
    labels = table.labels or tuple(sorted({each.label for each in split.train}))
    _check_labels(split, labels)
    provenance = {
        "set": table.name or "files",
        "revision": table.revision,
        "sha256": _digest(split),
        "license": table.license,
    }
    return LabelledSet(labels, split, table.may_be_shown, provenance)


def _split_files(table: DataTable) -> Split:
    split = split_by_group(read_labelled(Path(str(table.train)), table.labels))
    if table.test is None:
        return split
    test = without_twins(read_labelled(Path(table.test), table.labels))
    # What was held out for the test is learned from instead.
    return Split(without_twins([*split.train, *split.test], test), without_twins(split.dev, test), test)


def _check_labels(split: Split, labels: tuple[str, ...]) -> None:
    if len(labels) < 2:
        raise BuildError("all texts to train on have one label; add texts with others")
    for name, part in zip(split._fields, split, strict=True):
        if others := {each.label for each in part} - set(labels):
            raise BuildError(f"{len(others)} labels occur in {name} and not among the texts to train on; add texts")
    if lacking := [label for label in labels if not _has(split.train, label)]:
        raise BuildError(f"no text to train on has the label {lacking[0]!r}; add some, or take it out of the labels")


def _has(texts: list[LabelledText], label: str) -> bool:
    return any(each.label == label for each in texts)


def _digest(split: Split) -> str:
    """SHA-256 over all texts and labels, wherever their files lie."""
    digest = hashlib.sha256()
    for part in split:
        for each in part:
            digest.update(f"{each.label}\t{each.text}\n".encode())
    return digest.hexdigest()
