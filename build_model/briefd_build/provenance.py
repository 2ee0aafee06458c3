"""Where the data and weights of the default bundle come from, and under which licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.corpora.extracts import in_order_of_ids, of_genres, whole_file

if TYPE_CHECKING:
    from briefd_build.corpora.extracts import Extract


@dataclass(frozen=True)
class PublicFile:
    """A file of a corpus, and how it is made of a file of the public repository.

    Attributes:
        name: in the corpus's folder; gzipped there.
        path: in the repository.
        revisions: tags or commits that may hold it, tried in this order: the hash tells which one does.
        sha256: of the extract, UTF-8, before it is gzipped.
        extract: what is taken of the public file.
    """

    name: str
    path: str
    revisions: tuple[str, ...]
    sha256: str
    extract: Extract = whole_file


@dataclass(frozen=True)
class Source:
    """A corpus: its folder in the data directory, the public repository it was taken from, and its licence.

    `files` are what the builder reads of it.
    """

    folder: str
    repository: str
    license: str
    files: tuple[PublicFile, ...]


@dataclass(frozen=True)
class EditedSource:
    """A corpus whose files were edited out of public repositories by hand: they can be copied, but not made again."""

    folder: str
    repository: str
    license: str
    names: tuple[str, ...]


_TREEBANK_RELEASES = ("r2.16", "r2.17")
# The genres of GUM whose texts may be shared and changed by anybody, for any purpose.
_PERMISSIVE_GENRES = of_genres(
    "academic", "bio", "conversation", "court", "interview", "news", "speech", "textbook", "vlog", "voyage"
)


def _gum(part: str, sha256: str) -> PublicFile:
    path = f"en_gum-ud-{part}.conllu"
    return PublicFile(f"{part}.conllu.gz", path, _TREEBANK_RELEASES, sha256, _PERMISSIVE_GENRES)


TRAINING_SOURCES = (
    Source(
        "ud_english_ewt",
        "UniversalDependencies/UD_English-EWT",
        "CC-BY-SA-4.0",
        (
            PublicFile(
                "train.conllu.gz",
                "en_ewt-ud-train.conllu",
                _TREEBANK_RELEASES,
                "4f5bf82b493c2ae7563889e57a87c02e6e9ee8ccbba417a899c73ff09a4807a6",
                in_order_of_ids,
            ),
            PublicFile(
                "test.conllu.gz",
                "en_ewt-ud-test.conllu",
                _TREEBANK_RELEASES,
                "e266e515a0a7547657ed3d90d9ba46487d6bd251f27ad4269d4e8a427c8555cd",
            ),
        ),
    ),
    Source(
        "gum",
        "UniversalDependencies/UD_English-GUM",
        "CC-BY-4.0 (annotations); CC-BY, CC-BY-SA or public domain (texts)",
        (
            _gum("train", "8bde06ab67ea89434b653366f7b9923c37fe8754d7f201e9c98ea5642aaeb873"),
            _gum("dev", "eaf6c1f62b134c333fb27ee4352a6ab5a7e681b4ff364a078268c464757f3e58"),
            _gum("test", "9894a62068bccd1315a9857a3e13d0cd67d944906ef5e79d409dbe8f3fc6f170"),
        ),
    ),
    Source(
        "scitldr",
        "allenai/scitldr",
        "Apache-2.0",
        (
            PublicFile(
                "train.jsonl.gz",
                "SciTLDR-Data/SciTLDR-A/train.jsonl",
                ("1ab65db149b641766154436f0f3860ad586f869d",),
                "b222771d387be585cfdf5ae957b36757138415a352e0a3e3b23f73f87c3b1119",
            ),
            PublicFile(
                "dev.jsonl.gz",
                "SciTLDR-Data/SciTLDR-A/dev.jsonl",
                ("335d4cb6dab71adce37b091ef5767d76d736d36c",),
                "3191fa98ccc09521332b7a1cd63b1930be4e8df125a235ccd31e40329709525e",
            ),
        ),
    ),
)
EDITED_SOURCES = (
    EditedSource(
        "gov_posts",
        "GSA/digitalgov.gov and 18F/18f.gsa.gov",
        "public domain, CC0-1.0",
        ("train.jsonl.gz", "dev.jsonl.gz"),
    ),
)


def describe_sources() -> list[dict[str, str]]:
    """Say of a manifest's training data what it is; the word list decides which vocabulary rows stay."""
    sources = (*TRAINING_SOURCES, *EDITED_SOURCES)
    described = [{"folder": each.folder, "repository": each.repository, "license": each.license} for each in sources]
    return [*described, {"folder": "", "repository": "rspeer/wordfreq", "license": "CC-BY-SA-4.0"}]
