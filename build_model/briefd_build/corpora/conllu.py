"""Reading CoNLL-U treebanks (https://universaldependencies.org/format.html)."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Token:
    """A syntactic token: `head` is the 0-based position of its head in the sentence, its own position for the root."""

    form: str
    tag: str
    head: int
    relation: str
    space_after: bool


@dataclass(frozen=True)
class TreebankSentence:
    """A sentence: its tokens and its comments (`# key = value`)."""

    tokens: tuple[Token, ...]
    comments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TreebankDocument:
    """A document: its sentences and the comments that came with its first one."""

    sentences: tuple[TreebankSentence, ...]
    comments: dict[str, str]


def read_documents(path: Path) -> list[TreebankDocument]:
    """Read the documents of a gzipped CoNLL-U file; sentences before the first `# newdoc` form one of their own."""
    documents: list[list[TreebankSentence]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for sentence in _read_sentences(lines):
            if not documents or "newdoc id" in sentence.comments:
                documents.append([])
            documents[-1].append(sentence)
    return [TreebankDocument(tuple(sentences), sentences[0].comments) for sentences in documents]


def _read_sentences(lines: Iterable[str]) -> Iterator[TreebankSentence]:
    block: list[str] = []
    for line in lines:
        if stripped := line.rstrip("\n"):
            block.append(stripped)
        elif block:
            yield _parse_sentence(block)
            block = []
    if block:
        yield _parse_sentence(block)


def _parse_sentence(block: list[str]) -> TreebankSentence:
    comments = {}
    rows = []
    joined_until = 0  # last token of the multi-word token being read, whose members stand without white space
    joined_space_after = True
    for line in block:
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            comments[key.strip()] = value.strip()
            continue
        columns = line.split("\t")
        identifier, misc = columns[0], columns[9]
        if "-" in identifier:
            joined_until = int(identifier.split("-")[1])
            joined_space_after = "SpaceAfter=No" not in misc
        elif "." not in identifier:
            position = int(identifier)
            space_after = "SpaceAfter=No" not in misc
            if position <= joined_until:
                space_after = position == joined_until and joined_space_after
            rows.append((columns, position, space_after))
    tokens = tuple(
        Token(
            columns[1], columns[3], int(columns[6]) - 1 if columns[6] != "0" else position - 1, columns[7], space_after
        )
        for columns, position, space_after in rows
    )
    return TreebankSentence(tokens, comments)
