"""What a repair tells: that a word hangs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

# Words above a word that are looked at; no sentence that the treebanks train on is more than 16 deep.
DEEPEST = 100


class Move(NamedTuple):
    """A word hangs on `head`, by another relation and with another part of speech where they are given."""

    word: int
    head: int
    relation: str | None = None
    tag: str | None = None


def may_be_below(heads: Sequence[int], word: int, other: int) -> bool:
    """Whether `word` is `other` or hangs on it; taken for granted where it hangs too deep to look."""
    for _ in range(DEEPEST):
        if word in (other, heads[word]):
            return word == other
        word = heads[word]
    return True
