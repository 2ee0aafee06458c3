"""Lines that govern what follows: "Never do this:", "If the lamp turns red:", the heading "Rejected ideas".

What stands below such a line is said only with it. Any other heading names a subject, and may be left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.extractive.prepare import TextSentence
    from briefd_server.engines.extractive.reading import SentenceReading
    from briefd_server.engines.extractive.roles import Roles


# A heading without a colon that governs what follows is short: "Rejected ideas". A longer one is news of its own.
_LONGEST_HEADING = 5


def find_leads(
    text: str, sentences: Sequence[TextSentence], readings: Sequence[SentenceReading], roles: Roles
) -> list[int | None]:
    """Find for every sentence the line that governs it, by its number; None where it stands by itself."""
    binding = {
        number
        for number, sentence in enumerate(sentences)
        if sentence.governs_next and _binds(text, sentence, readings[number], roles)
    }
    return [sentence.governed_by if sentence.governed_by in binding else None for sentence in sentences]


def _binds(text: str, sentence: TextSentence, reading: SentenceReading, roles: Roles) -> bool:
    if text[sentence.start : sentence.end].rstrip().endswith(":"):
        return True
    if len(reading) > _LONGEST_HEADING:
        return False
    is_binding = any(word.lower() in roles.binding_words for word in reading.words)
    return is_binding or denies_what_follows(reading, roles)


def denies_what_follows(reading: SentenceReading, roles: Roles) -> bool:
    """Tell whether a line turns what stands below it into its opposite: "Never do this:", "Not covered"."""
    lower = (word.lower() for word in reading.words)
    return any(word in roles.negations or word.endswith(roles.negation_suffixes) for word in lower)
