"""Merges of a byte-pair tokenizer: which tokens others are made of, and leaving some out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator


def with_their_parts(model: dict[str, Any], needed: Iterable[int]) -> list[int]:
    """Add the tokens that others are made of, at any step, and all that no merge makes: those spell everything.

    With them a text that used needed tokens only is cut as before: every merge that it took is still there, and no
    other one comes before it.

    Args:
        model: the `model` of a tokenizer's JSON, of type `BPE`.
        needed: ids of tokens, added ones among them.

    Returns:
        Their ids, sorted.
    """
    vocabulary: dict[str, int] = model["vocab"]
    parts: dict[int, set[int]] = {}
    for left, right, made in _merges(model):
        parts.setdefault(vocabulary[made], set()).update((vocabulary[left], vocabulary[right]))
    kept, open_ids = set[int](), [*needed, *(token for token in vocabulary.values() if token not in parts)]
    while open_ids:
        token = open_ids.pop()
        if token not in kept:
            kept.add(token)
            open_ids.extend(parts.get(token, ()))
    return sorted(kept)


def drop_merges(model: dict[str, Any], kept: Collection[int]) -> None:
    """Leave out the merges that take or make a token that is not kept."""
    vocabulary: dict[str, int] = model["vocab"]
    model["merges"] = [each[:2] for each in _merges(model) if all(vocabulary[token] in kept for token in each)]


def _merges(model: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """List the two tokens that every merge takes, and the one that it makes."""
    prefix = model["continuing_subword_prefix"] or ""
    for left, right in model["merges"]:
        yield left, right, left + right.removeprefix(prefix)
