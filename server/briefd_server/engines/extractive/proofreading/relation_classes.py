"""What cutting an arc does, by its relation: data of Universal Dependencies, alike for every language."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Relations by class, each with all of its subtypes that no other class names
# (https://universaldependencies.org/u/dep/). A kept head needs those of the first three.
_CLASSES = {
    "function": "aux case cc:preconj clf cop det expl mark",
    "argument": "ccomp csubj iobj nsubj obj obl:agent orphan xcomp compound:prt",
    "expression": "fixed flat goeswith nmod:poss",
    "adjective": "amod",
    "adverb": "advmod",
    "figure": "nummod",
    "nominal": "nmod",
    "oblique": "obl",
    "clause": "acl advcl",
    "relative": "acl:relcl advcl:relcl",
    "compound": "compound",
    "conjunct": "conj cc",
    "loose": "appos parataxis dislocated list",
    "other": "dep discourse punct reparandum root vocative",
}
CLASSES = tuple(_CLASSES)
NEEDED = frozenset({"function", "argument", "expression"})
"""Classes whose dependent a kept head needs."""
BEARING = frozenset({"adjective", "adverb", "figure", "nominal", "oblique", "clause", "relative"})
"""Classes whose dependent may bear on what the sentence means."""
SUBJECTS = frozenset({"nsubj", "csubj", "expl"})
"""Relations of subjects, less their subtypes."""

_CLASS_BY_RELATION = {relation: name for name, relations in _CLASSES.items() for relation in relations.split()}


def class_of(relation: str) -> str:
    """Tell the class of a relation by its full name or, where that isn't listed, by what stands before the colon."""
    return _CLASS_BY_RELATION.get(relation) or _CLASS_BY_RELATION.get(relation.split(":", maxsplit=1)[0], "other")


@lru_cache(maxsize=8)
def memberships(relations: tuple[str, ...]) -> NDArray[np.float32]:
    """Columns of what is summed over a bundle's relations: [L, classes + 3], 0 or 1.

    The classes in their order, then whether the relation is needed, bears on the meaning, and is a subject's.
    """
    return np.array([_row(relation) for relation in relations], dtype=np.float32)


def _row(relation: str) -> Sequence[bool]:
    own = class_of(relation)
    is_subject = relation.split(":", maxsplit=1)[0] in SUBJECTS
    return [*(own == name for name in CLASSES), own in NEEDED, own in BEARING, is_subject]
