"""Where the data and weights of the default bundle come from, and under which licences."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Source:
    """A corpus: its folder in the data directory, the public repository it was taken from, and its licence."""

    folder: str
    repository: str
    license: str


TRAINING_SOURCES = (
    Source("ud_english_ewt", "UniversalDependencies/UD_English-EWT", "CC-BY-SA-4.0"),
    Source(
        "gum",
        "UniversalDependencies/UD_English-GUM",
        "CC-BY-4.0 (annotations); CC-BY, CC-BY-SA or public domain (texts)",
    ),
    Source("scitldr", "allenai/scitldr", "Apache-2.0"),
    Source("gov_posts", "GSA/digitalgov.gov and 18F/18f.gsa.gov", "public domain, CC0-1.0"),
)


def describe_sources() -> list[dict[str, str]]:
    """What a manifest says of the training data; the word list decides which vocabulary rows stay."""
    word_list = {"folder": "", "repository": "rspeer/wordfreq", "license": "CC-BY-SA-4.0"}
    return [*(asdict(source) for source in TRAINING_SOURCES), word_list]
