"""Texts without labels, which a student reads along with its teacher: those of the titled texts that may be used."""

from __future__ import annotations

import gzip
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from briefd_build.corpora.documents import Document
from briefd_build.errors import BuildError
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import count_words, find_words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNLABELLED_FOLDER = "pairs"
LICENSES = frozenset(
    {
        "Apache-2.0",
        "MIT",
        "CC0-1.0",
        "CC-BY-4.0",
        "MIT OR Apache-2.0",
        "curl (MIT-like)",
        "BSD-3-Clause (before 2024-03-20)",
    }
    | {"public domain / CC0-1.0 (per document)", "public domain / CC0-1.0 (US government, NWS)"}
)
"""Those of the texts that are read; texts under the others are left alone."""

# So that no source is most of what is read, and no text is read far beyond its beginning, where prose turns to lists.
_RECORDS_PER_SOURCE, _COMMITS_PER_SOURCE, _WORDS_PER_RECORD = 300, 120, 400


def read_unlabelled(data: Path, language: str) -> list[Document]:
    """Read the beginnings of texts in a language, source by source, in the order of the sources' names.

    Raises:
        BuildError: there is none.
    """
    documents = []
    for path in unlabelled_files(data):
        most = _COMMITS_PER_SOURCE if path.name.startswith("commits_") else _RECORDS_PER_SOURCE
        beginnings = (_beginning(record["text"]) for record in islice(_records(path, language), most))
        documents += [Document(sentences, ()) for sentences in beginnings if sentences]
    if not documents:
        raise BuildError(
            f"{data / UNLABELLED_FOLDER} has no text to learn from; copy the folder there, or set data.unlabelled=false"
        )
    return documents


def describe_unlabelled(data: Path, language: str) -> list[dict[str, str]]:
    """Say of a manifest's training data which texts without labels are read, by repository and licence."""
    firsts = (next(_records(path, language), None) for path in unlabelled_files(data))
    found = {(first["source"], first["licence"]) for first in firsts if first}
    return [
        {"folder": UNLABELLED_FOLDER, "repository": repository, "license": license_}
        for repository, license_ in sorted(found)
    ]


def unlabelled_files(data: Path) -> list[Path]:
    """Find the files that texts without labels are in, one a source."""
    return sorted((data / UNLABELLED_FOLDER).glob("*.jsonl.gz"))


def _records(path: Path, language: str) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            if record["lang"] == language and record["split"] == "train" and record["licence"] in LICENSES:
                yield record


def _beginning(text: str) -> tuple[str, ...]:
    taken: list[str] = []
    words = 0
    for span in find_sentences(text):
        sentence = text[span.start : span.end]
        words += count_words(sentence)
        if words > _WORDS_PER_RECORD:
            break
        if find_words(sentence):
            taken.append(sentence)
    return tuple(taken)
