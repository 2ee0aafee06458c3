"""Sentences of tweets, of reviews of films and goods, and of editorials, each rated by some 20 people.

The set is that of Hutto and Gilbert 2014, "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text", as the source archive of the package vaderSentiment carries it, under the MIT licence. Ratings go from -4
to 4.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

from briefd_build.classification.labelled import LabelledText
from briefd_build.errors import BuildError

LABELS = ("negative", "positive")
ARCHIVE = "vaderSentiment-3.3.2.tar.gz"
SHA256 = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
PROVENANCE = {"set": ARCHIVE, "sha256": SHA256, "license": "MIT"}
_INNER = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz"
_SOURCES = ("tweets", "movieReviewSnippets", "amazonReviewSnippets", "nytEditorialSnippets")
# A mean of 20 ratings is known to about 0.25, and two of these are told from 0: 19,100 of 23,700 texts get a label.
LEAST_RATING = 0.5


def read_rated_snippets(archive: Path) -> list[LabelledText]:
    """Read the texts whose mean rating is beyond ±0.5, grouped by the review or article that they are of.

    Raises:
        BuildError: the archive is not there, or is not the published one.
    """
    return [
        LabelledText(text, LABELS[rating > 0], group)
        for group, rating, text in _rated(_read_checked(archive))
        if abs(rating) > LEAST_RATING and text
    ]


def _read_checked(archive: Path) -> bytes:
    fetch = f"pip download --no-deps --no-binary vaderSentiment --dest {archive.parent} vaderSentiment==3.3.2"
    try:
        content = archive.read_bytes()
    except OSError as error:
        raise BuildError(
            f"the rated texts are not at hand: {archive} ({error.strerror}); fetch them: {fetch}"
        ) from error
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise BuildError(f"{archive} is not the published archive; remove it, and fetch it again: {fetch}")
    return content


def _rated(archive: bytes) -> list[tuple[str, float, str]]:
    """List the group, mean rating and text of all that an archive of the right hash holds."""
    with _open(archive) as outer:
        inner = _member(outer, _INNER)
    with _open(inner) as files:
        tables = {
            source: _member(files, f"hutto_ICWSM_2014/{source}_GroundTruth.txt").decode("utf-8-sig")
            for source in _SOURCES
        }
    rows = [(source, line.split("\t")) for source, table in tables.items() for line in table.split("\n") if line]
    # An id such as 12_3 is the third sentence of the twelfth review or article.
    return [(f"{source}/{cells[0].split('_')[0]}", float(cells[1]), cells[2].strip()) for source, cells in rows]


def _open(content: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(content), mode="r:gz")


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None  # a regular file of an archive whose hash was checked
    return file.read()
