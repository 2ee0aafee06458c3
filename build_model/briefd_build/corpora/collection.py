"""The permissive corpora together, split by split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import Document, read_abstracts, read_posts, read_treebank

if TYPE_CHECKING:
    from pathlib import Path

TREEBANKS = ("ud_english_ewt", "gum")


@dataclass(frozen=True)
class Corpora:
    """The documents of a split (`train` or `dev`); the treebanks once more with a space after every token."""

    treebanks: tuple[Document, ...]
    spaced_treebanks: tuple[Document, ...]
    abstracts: tuple[Document, ...]
    posts: tuple[Document, ...]

    def documents(self) -> tuple[Document, ...]:
        """All documents, each once."""
        return (*self.treebanks, *self.abstracts, *self.posts)


def read_corpora(data: Path, split: str) -> Corpora:
    """Read the permissive corpora of a data directory."""
    paths = [data / name / f"{split}.conllu.gz" for name in TREEBANKS]
    return Corpora(
        tuple(document for path in paths for document in read_treebank(path)),
        tuple(document for path in paths for document in read_treebank(path, spaced=True)),
        tuple(read_abstracts(data / "scitldr" / f"{split}.jsonl.gz")),
        tuple(read_posts(data / "gov_posts" / f"{split}.jsonl.gz")),
    )
