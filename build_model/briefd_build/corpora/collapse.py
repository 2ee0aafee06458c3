"""Treebank tokens collapsed onto the words that a reader counts.

The member of a group that is nearest to the root stands for the group: "don't" takes the place of "do", "data-driven"
that of "driven". So heads always lie nearer to the root than their dependents, and what comes out is a tree. Tokens
that belong to no word (a lone dash, a quotation mark) are taken out of the tree: what hung on them hangs on their head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_build.corpora.conllu import Token


@dataclass(frozen=True)
class ParsedSentence:
    """A sentence as the parser is to see it; `heads[i] == i` marks the root. All sequences have one entry a word."""

    text: str
    words: tuple[str, ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]
    tags: tuple[str, ...]


def collapse(tokens: Sequence[Token], *, spaced: bool = False) -> ParsedSentence | None:
    """Collapse a tree of tokens onto words; None for a sentence without a word.

    Args:
        tokens: the sentence's tokens, in order.
        spaced: pretend that a space stands after every token, as in text that was tokenized before it was sent.
    """
    text, spans = _lay_out(tokens, spaced=spaced)
    words = find_words(text)
    if not words:
        return None
    word_of_token = _without_marks(tokens, _assign(spans, [(word.start, word.end) for word in words]))
    representatives = _representatives(tokens, word_of_token, len(words))
    heads = [_head_word(tokens, word_of_token, token) for token in representatives]
    roots = [index for index, head in enumerate(heads) if head in (None, index)]
    root = roots[0] if roots else 0
    tree = [root if head is None else head for head in heads]
    for extra in roots[1:]:
        tree[extra] = root
    tree[root] = root
    relations = [tokens[token].relation for token in representatives]
    relations = ["root" if i == root else ("parataxis" if r == "root" else r) for i, r in enumerate(relations)]
    return ParsedSentence(
        text,
        tuple(text[word.start : word.end] for word in words),
        tuple(tree),
        tuple(relations),
        tuple(tokens[token].tag for token in representatives),
    )


def _lay_out(tokens: Sequence[Token], *, spaced: bool) -> tuple[str, list[tuple[int, int]]]:
    pieces: list[str] = []
    spans = []
    length = 0
    for token in tokens:
        spans.append((length, length + len(token.form)))
        piece = token.form + (" " if spaced or token.space_after else "")
        pieces.append(piece)
        length += len(piece)
    return "".join(pieces).rstrip(), spans


def _assign(spans: Sequence[tuple[int, int]], words: Sequence[tuple[int, int]]) -> list[int | None]:
    """For every token, the word that it shares most characters with, or None."""
    assigned: list[int | None] = []
    first = 0
    for start, end in spans:
        while first < len(words) and words[first][1] <= start:
            first += 1
        best, best_overlap = None, 0
        for index in range(first, len(words)):
            overlap = min(end, words[index][1]) - max(start, words[index][0])
            if words[index][0] >= end:
                break
            if overlap > best_overlap:
                best, best_overlap = index, overlap
        assigned.append(best)
    return assigned


def _without_marks(tokens: Sequence[Token], word_of_token: Sequence[int | None]) -> list[int | None]:
    """Take punctuation out of the groups that have other members: the stop of "etc." hangs on the sentence's root."""
    with_content = {word for word, token in zip(word_of_token, tokens, strict=True) if token.relation != "punct"}
    return [
        None if token.relation == "punct" and word in with_content else word
        for word, token in zip(word_of_token, tokens, strict=True)
    ]


def _representatives(tokens: Sequence[Token], word_of_token: Sequence[int | None], word_count: int) -> list[int]:
    members: list[list[int]] = [[] for _ in range(word_count)]
    for token, word in enumerate(word_of_token):
        if word is not None:
            members[word].append(token)
    return [min(group, key=lambda token: _depth(tokens, token)) for group in members]


def _depth(tokens: Sequence[Token], token: int) -> int:
    depth = 0
    while tokens[token].head != token:
        token = tokens[token].head
        depth += 1
    return depth


def _head_word(tokens: Sequence[Token], word_of_token: Sequence[int | None], token: int) -> int | None:
    """Climb from a token to the first head that belongs to a word; None where the climb ends at the root."""
    own = word_of_token[token]
    for _ in tokens:
        head = tokens[token].head
        if head == token:
            return None
        if word_of_token[head] not in (None, own):
            return word_of_token[head]
        token = head
    return None
