"""Why each word of the chosen sentences was kept or dropped, by the names of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.base import Polarity, WordChoice
from briefd_server.engines.extractive.roles import DOWN, UP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_server.engines.base import Span
    from briefd_server.engines.extractive.chooser import Chosen

_POLARITIES = {UP: Polarity.UP, DOWN: Polarity.DOWN}
_LABEL, _STATEMENT, _WITH_HEAD = "label", "statement", "goes-with-its-head"


def explain(chosen: Chosen, spans: Sequence[Span]) -> Iterator[WordChoice]:
    """Explain the words of a sentence that a summary was taken from, in order.

    Args:
        chosen: what was taken.
        spans: where the sentence's words stand in the text.
    """
    options, kept = chosen.options, frozenset(chosen.words)
    label = options.label_words
    for word in range(label):
        yield WordChoice(spans[word], word in kept, _LABEL, Polarity.UP)
    rules = options.rules
    for word in range(len(rules.tree)):
        head = rules.tree.heads[word]
        is_kept, has_head = word + label in kept, head + label in kept
        if head == word or (is_kept and not has_head):
            rule, serves = _STATEMENT, None
        elif not is_kept and not has_head:
            rule, serves = _WITH_HEAD, spans[head + label]
        else:
            rule, serves = rules.ruling(word).rule, spans[head + label]
        polarity = _POLARITIES.get(rules.polarity.reaches(word), Polarity.NONE)
        yield WordChoice(spans[word + label], is_kept, rule, polarity, serves)
