"""The words of the language that texts are read in, by role; see `languages`."""

from __future__ import annotations

from briefd_server.languages import read_table, read_words

# One language is read for all texts: most of what tells the form of a text is the same in any.
LANGUAGE = "en"
WORDS = read_words(LANGUAGE, "text")
ABBREVIATIONS = read_table(LANGUAGE, "abbreviations")
LANGUAGES = ("en", "fr", "de", "es", "it", "pt", "nl")
FREQUENT_WORDS = read_words(LANGUAGE, "frequent")["words"]
# "Pre- and post-war" has its hyphen in any language.
CONJUNCTIONS = frozenset().union(*(read_words(language, "frequent")["conjunctions"] for language in LANGUAGES))
