"""Whether a sentence leans on what stands before it: a pronoun in it stands for something outside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.sentence_tree import SUBJECTS

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading

_NAMING = frozenset({"NOUN", "PROPN"})
_NOT_POINTING = frozenset({"expl", "mark", "det", "det:predet", "nummod", "advmod", "cc:preconj"})


def leans(reading: SentenceReading) -> bool:
    """Tell whether a pronoun stands before any noun that it can stand for; takes linear time.

    The subject of its own verb is none: in "the union called it a betrayal" the "it" is not the union. A pronoun whose
    noun follows ("before he left, the cook …") counts too, though a reader would understand it.
    """
    anaphors = read_roles(reading.language).anaphors
    names: list[int] = []
    subjects = {
        head: word
        for word, (head, relation) in enumerate(zip(reading.heads, reading.relations, strict=True))
        if relation in SUBJECTS
    }
    for word, form in enumerate(reading.words):
        if reading.tags[word] in _NAMING:
            names.append(word)
        elif form.lower() in anaphors and reading.relations[word] not in _NOT_POINTING:
            own = subjects.get(reading.heads[word])
            if not names or names == [own]:
                return True
    return False
