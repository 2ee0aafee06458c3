"""The permissive corpora together, split by split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import Document, read_abstracts, read_posts, read_treebank
from briefd_build.corpora.set_aside import opening_lengths, openings, without_openings

if TYPE_CHECKING:
    from pathlib import Path

TREEBANKS = ("ud_english_ewt", "gum")
_SET_ASIDE = ("gum", "train")
"""The treebank and the split whose documents' openings nothing is trained on; see `set_aside`."""


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
    """Read the permissive corpora of a data directory, without what is set aside."""
    plain, spaced = _read_treebanks(data, split)
    return Corpora(
        tuple(plain),
        tuple(spaced),
        tuple(read_abstracts(data / "scitldr" / f"{split}.jsonl.gz")),
        tuple(read_posts(data / "gov_posts" / f"{split}.jsonl.gz")),
    )


def read_set_aside(data: Path) -> list[Document]:
    """Read the openings that nothing is trained on."""
    documents = read_treebank(_path(data, *_SET_ASIDE))
    return openings(documents, opening_lengths(documents))


def _read_treebanks(data: Path, split: str) -> tuple[list[Document], list[Document]]:
    """Read the treebanks, plain and spaced."""
    plain, spaced = [], []
    for name in TREEBANKS:
        layouts = [read_treebank(_path(data, name, split), spaced=is_spaced) for is_spaced in (False, True)]
        if (name, split) == _SET_ASIDE:
            lengths = opening_lengths(layouts[0])
            layouts = [without_openings(documents, lengths) for documents in layouts]
        plain += layouts[0]
        spaced += layouts[1]
    return plain, spaced


def _path(data: Path, name: str, split: str) -> Path:
    return data / name / f"{split}.conllu.gz"
