"""Documents with human summaries, and what those summaries say about every word and sentence.

Salience of a word: the share of the document's reference summaries that hold its stem. Prominence of a sentence: how
much of the summaries' content it covers, relative to the sentence that covers most (treebank documents carry an
annotated prominence instead).
"""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import snowballstemmer

from briefd_build.corpora.collapse import ParsedSentence, collapse
from briefd_build.corpora.conllu import TreebankDocument, read_documents
from briefd_server.text.sentences import find_sentences
from briefd_server.text.words import count_words, find_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_STEMMER = snowballstemmer.stemmer("english")
_FINAL_STOPS = (".", "!", "?")
_AUTHOR = re.compile(r"^\([^)]*\)\s*")  # GUM marks every summary's author: "(human1) …", "(model-2; postedited) …"


@dataclass(frozen=True)
class Document:
    """A document's sentences, one at least, with the reference summaries; `trees` is empty without a treebank's.

    `prominence` has one value in [0, 1] a sentence, or none where there is nothing to learn it from.
    """

    sentences: tuple[str, ...]
    references: tuple[str, ...]
    trees: tuple[ParsedSentence, ...] = ()
    prominence: tuple[float, ...] = ()


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Stem of a word (Porter 2), lower case."""
    return str(_STEMMER.stemWord(word.lower()))


def stems(text: str) -> list[str]:
    """Stems of the words of a text, in order."""
    return [stem(text[word.start : word.end]) for word in find_words(text)]


def word_salience(words: Sequence[str], references: Sequence[str]) -> list[float]:
    """Share of the references that hold each word's stem, in [0, 1]."""
    held = [set(stems(reference)) for reference in references]
    return [sum(stem(word) in reference for reference in held) / len(held) for word in words]


def read_treebank(path: Path, *, spaced: bool = False) -> list[Document]:
    """Read a treebank's documents; sentences without a word are left out.

    Args:
        path: a gzipped CoNLL-U file.
        spaced: lay every sentence out with a space after each token (see `collapse`).
    """
    documents = (_treebank_document(document, spaced=spaced) for document in read_documents(path))
    return [document for document in documents if document.sentences]


def read_abstracts(path: Path) -> list[Document]:
    """Read SciTLDR: scientific abstracts, split into sentences, with one-sentence summaries."""
    documents = (_with_coverage(record["source"], record["target"]) for record in _read_json_lines(path))
    return [document for document in documents if document.sentences]


def read_posts(path: Path) -> list[Document]:
    """Read posts of government web sites; title and summary are the references."""
    documents = []
    for record in _read_json_lines(path):
        text = record["text"]
        sentences = [text[sentence.start : sentence.end] for sentence in find_sentences(text)]
        references = [reference for reference in (record["title"], record["summary"]) if reference]
        documents.append(_with_coverage(sentences, references))
    return [document for document in documents if document.sentences]


def summarized_beginnings(documents: Iterable[Document], most_words: int) -> Iterator[tuple[str, str]]:
    """Pair documents with those of their summaries that end as a sentence does, as few titles do.

    Of a document, the beginning is taken, at most `most_words` words of it in whole sentences.
    """
    for document in documents:
        text = _beginning(document.sentences, most_words)
        for reference in document.references:
            if text and reference.endswith(_FINAL_STOPS):
                yield text, reference


def _beginning(sentences: Sequence[str], most_words: int) -> str:
    taken: list[str] = []
    words = 0
    for sentence in sentences:
        words += count_words(sentence)
        if words > most_words:
            break
        taken += sentence.split()
    return " ".join(taken)


def _read_json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _treebank_document(document: TreebankDocument, *, spaced: bool) -> Document:
    trees, prominence = [], []
    for sentence in document.sentences:
        tree = collapse(sentence.tokens, spaced=spaced)
        if tree is not None:
            trees.append(tree)
            # 1 is the most prominent of about 5 levels.
            prominence.append(max(0.0, 1.25 - 0.25 * int(sentence.comments.get("s_prominence", "5"))))
    references = [
        _AUTHOR.sub("", value)
        for key, value in sorted(document.comments.items())
        if re.fullmatch(r"meta::summary\d", key)
    ]
    annotated = any("s_prominence" in sentence.comments for sentence in document.sentences)
    return Document(
        tuple(tree.text for tree in trees), tuple(references), tuple(trees), tuple(prominence) if annotated else ()
    )


def _with_coverage(sentences: Sequence[str], references: Sequence[str]) -> Document:
    with_words = [sentence for sentence in sentences if find_words(sentence)]
    wanted = [set(stems(reference)) for reference in references if find_words(reference)]
    covered = []
    for sentence in with_words:
        held = set(stems(sentence))
        covered.append(sum(len(held & reference) / len(reference) for reference in wanted))
    most = max(covered, default=0.0)
    prominence = tuple(value / most for value in covered) if most > 0 else ()
    return Document(tuple(with_words), tuple(references), prominence=prominence)
