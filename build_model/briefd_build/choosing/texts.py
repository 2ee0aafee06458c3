"""Texts that a person's choice can be learned from: with summaries or titles, or with the wanted sentences marked."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from briefd_build.choosing.set_aside import is_set_aside
from briefd_build.corpora.conllu import TreebankDocument, read_documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_AUTHOR = re.compile(r"^\([^)]*\)\s*")  # GUM marks every summary's author: "(human1) …"
_SUMMARY = re.compile(r"meta::summary\d")


@dataclass(frozen=True)
class ChoiceText:
    """A text and what says which of its sentences was picked.

    Attributes:
        identifier: unique within its group.
        group: of texts of a kind, such as "abstracts".
        genre: within the group, for reports.
        text: as the daemon would get it.
        references: human summaries and titles, the nearer to which the better a sentence.
        wanted: passages of the text of which each is as good as the others; where there are any, they decide.
        acceptable: passages that are a sensible second choice.
    """

    identifier: str
    group: str
    genre: str
    text: str
    references: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    acceptable: tuple[str, ...] = ()

    @property
    def order(self) -> str:
        """A digest to take a fixed sample by."""
        return sha256(self.identifier.encode()).hexdigest()


def read_abstracts(path: Path) -> Iterator[ChoiceText]:
    """Read a split of SciTLDR."""
    for number, record in enumerate(read_json_lines(path)):
        yield ChoiceText(
            f"{path.name}:{number}", "abstracts", "abstracts", " ".join(record["source"]), tuple(record["target"])
        )


def read_posts(path: Path) -> Iterator[ChoiceText]:
    """Read a split of posts of government web sites."""
    for number, record in enumerate(read_json_lines(path)):
        references = tuple(reference for reference in (record["title"], record["summary"]) if reference)
        yield ChoiceText(f"{path.name}:{number}", "posts", "posts", record["text"], references)


def read_treebank_texts(path: Path) -> Iterator[ChoiceText]:
    """Read the documents of a GUM file that have summaries, less those that are set aside."""
    for document in read_documents(path):
        identifier = document.comments["newdoc id"]
        references = tuple(
            _AUTHOR.sub("", value) for key, value in sorted(document.comments.items()) if _SUMMARY.fullmatch(key)
        )
        if references and not is_set_aside("gum", identifier):
            genre = document.comments.get("meta::genre", "")
            yield ChoiceText(identifier, "gum", genre, lay_out(document), references)


def read_treebank_documents(path: Path, group: str) -> Iterator[ChoiceText]:
    """Read the documents of a treebank, whose identifiers begin with their genre."""
    for document in read_documents(path):
        identifier = document.comments["newdoc id"]
        yield ChoiceText(identifier, group, identifier.split("-")[0], lay_out(document))


def lay_out(document: TreebankDocument) -> str:
    """Give a treebank document's text: one paragraph a line, as its `newpar` comments part it."""
    pieces: list[str] = []
    for sentence in document.sentences:
        starts_paragraph = any(comment.startswith("newpar") for comment in sentence.comments)
        pieces += ["\n" if starts_paragraph else " ", sentence.comments["text"]]
    return "".join(pieces[1:])


def read_messages(path: Path) -> Iterator[ChoiceText]:
    """Read mails, tickets, notices, notes and logs of which the wanted sentences are marked."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            wanted = tuple(record["wanted"])
            yield ChoiceText(record["id"], "messages", record["genre"], record["text"], wanted=wanted)


def sample(texts: Iterable[ChoiceText], most: int) -> list[ChoiceText]:
    """Take at most so many texts, the same ones every time."""
    return sorted(texts, key=lambda text: text.order)[:most]


def read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Read the records of a gzipped JSON-lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
