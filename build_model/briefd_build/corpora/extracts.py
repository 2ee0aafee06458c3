"""What is taken of a published treebank file, so that every build reads the same bytes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Extract = Callable[[str], str]

_DOCUMENT_START = re.compile(r"^(?=# newdoc id = )", re.MULTILINE)
_DOCUMENT_ID = re.compile(r"# newdoc id = (\S+)")
_GENRE = re.compile(r"^# meta::genre = (\S+)$", re.MULTILINE)


def whole_file(text: str) -> str:
    """Take all of it, as it is."""
    return text


def in_order_of_ids(treebank: str) -> str:
    """Take all documents of a CoNLL-U file, in alphabetical order of their ids."""
    return "".join(sorted(_documents(treebank), key=_document_id))


def of_genres(*genres: str) -> Extract:
    """Make an extract of the documents of a CoNLL-U file that are of one of the genres, by their `meta::genre`."""

    def extract(treebank: str) -> str:
        return "".join(document for document in _documents(treebank) if _genre(document) in genres)

    return extract


def _documents(treebank: str) -> list[str]:
    return [document for document in _DOCUMENT_START.split(treebank) if document.startswith("# newdoc")]


def _document_id(document: str) -> str:
    found = _DOCUMENT_ID.match(document)
    return found[1] if found else ""


def _genre(document: str) -> str:
    found = _GENRE.search(document)
    return found[1] if found else ""
