"""Compressions found in the permissive corpora: what a human summary kept of the sentence that it draws on.

A summary is laid beside the sentence of its document that holds most of its content. An arc of that sentence's tree
counts as kept when the words below it hold one of the summary's content stems (after Filippova and Altun 2013,
"Overcoming the Lack of Parallel Data in Sentence Compression").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.corpora.documents import stem, stems
from briefd_server.engines.extractive.knapsack import top_down

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from briefd_build.corpora.collapse import ParsedSentence
    from briefd_build.corpora.documents import Document

# A summary and a sentence belong together when the sentence holds half of the summary's content, and at least 3 stems
# of it.
_LEAST_SHARE, _LEAST_STEMS = 0.5, 3
_LEAST_SENTENCE_WORDS = 8
# Stems that say nothing about what a summary is about.
_FUNCTION_STEMS = frozenset(
    stem(word)
    for word in (
        "a about after all also an and are as at be been but by can did do does for from had has have he her his how i "
        "if in into is it its more most my no not of on or our out over she so such than that the their them then "
        "there these they this those to up use was we were what when which who will with would you your"
    ).split()
)
_CONTENT_TAGS = frozenset({"ADJ", "ADV", "NOUN", "NUM", "PROPN", "VERB"})


@dataclass(frozen=True)
class AlignedSentence:
    """A sentence and the content stems that a summary shares with it; `tree` where a treebank gives one."""

    text: str
    shared: frozenset[str]
    tree: ParsedSentence | None


def align(documents: Iterable[Document]) -> Iterator[AlignedSentence]:
    """Lay every reference of the documents beside the sentence that it draws on, where there is one."""
    for document in documents:
        sentence_stems = [frozenset(stems(sentence)) for sentence in document.sentences]
        for reference in document.references:
            wanted = frozenset(stems(reference)) - _FUNCTION_STEMS
            best = max(range(len(sentence_stems)), key=lambda index: len(sentence_stems[index] & wanted))
            shared = sentence_stems[best] & wanted
            if len(shared) >= max(_LEAST_STEMS, _LEAST_SHARE * len(wanted)):
                tree = document.trees[best] if document.trees else None
                yield AlignedSentence(document.sentences[best], shared, tree)


def kept_arcs(
    words: Sequence[str], heads: Sequence[int], tags: Sequence[str], shared: frozenset[str]
) -> list[tuple[int, bool]]:
    """Tell, for every arc under a kept head that leads to a content word, whether it was kept.

    Args:
        words: the sentence's words.
        heads: each word's head, the root's its own.
        tags: universal part-of-speech tags.
        shared: content stems that the summary shares with the sentence.

    Returns:
        Dependents with whether they were kept; empty for a sentence too short to have been compressed.
    """
    if len(words) < _LEAST_SENTENCE_WORDS:
        return []
    children: list[list[int]] = [[] for _ in words]
    for word, head in enumerate(heads):
        if head != word:
            children[head].append(word)
    order = top_down(heads, children)
    kept = [stem(word) in shared for word in words]
    for word in reversed(order):
        kept[heads[word]] = kept[heads[word]] or kept[word]
    return [
        (word, kept[word])
        for word in order
        if heads[word] != word and kept[heads[word]] and tags[word] in _CONTENT_TAGS
    ]
