"""What the proof-reader is told of a candidate: some sixty numbers, alike for every language.

Counts over all probable arcs stand for what is not known: whether a needed word is cut, −ln(1 − Σ P(head) · P(needed)),
and whether what is kept hangs together, −ln Σ P(head), both summed over heads that are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from briefd_server.engines.extractive.proofreading.cuts import Cuts
from briefd_server.engines.extractive.proofreading.relation_classes import CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from briefd_server.engines.extractive.arcs import Arcs
    from briefd_server.engines.extractive.reading import SentenceReading

    _Columns = NDArray[np.floating] | Sequence[NDArray[Any]]
    """One row of numbers [c] for each feature of a group."""

# Least probability of whatever is counted as −ln P: that of arcs which were left out (see `arcs`).
_FLOOR = 1e-4
# Of single words: whether a needed word is cut, one that bears on the meaning is, a kept word stands apart; then, of
# words kept or cut, the parser's doubt of its tree, the entropy of its heads, and how reluctant an editor is.
_MEASURED = (
    "needed", "bearing", "apart", "kept doubt", "kept entropy", "cut doubt", "cut entropy", "editor",
)  # fmt: skip
# Tags whose word belongs to one that follows it, that tell more of one, that are of nominals, links, predicates and
# pronouns.
_HANGING, _MODIFYING, _NOMINAL, _LINKING, _PREDICATE, _PRONOUN = range(6)
_TAG_GROUPS = (
    "ADP AUX CCONJ DET PART SCONJ",
    "ADJ DET NUM",
    "NOUN PROPN PRON NUM SYM",
    "ADP CCONJ SCONJ",
    "AUX VERB",
    "PRON",
)
_ALL_TAGS = "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()
_GROUPS_OF_TAG = {tag: [float(tag in group.split()) for group in _TAG_GROUPS] for tag in _ALL_TAGS}

_NO_GROUP = [0.0] * len(_TAG_GROUPS)


def measure(reading: SentenceReading, arcs: Arcs, kept: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Measure the candidates of one sentence.

    Args:
        reading: of the sentence, n words.
        arcs: its probable ones.
        kept: [c, n], the words that each candidate keeps, at least one.

    Returns:
        [c, F], one column for each of `FEATURES`.
    """
    cuts = Cuts(reading, arcs, kept)
    rows = np.empty((len(FEATURES), len(kept)), dtype=np.float32)
    first = 0
    for names, group in _GROUPS:
        rows[first : first + len(names)] = group(cuts)
        first += len(names)
    columns: NDArray[np.float32] = rows.T
    return columns


def _sums_and_mosts(cuts: Cuts) -> _Columns:
    """Sum up, and take the most of, what is measured word by word; the root of a candidate needs no head."""
    attached = cuts.attached.copy()
    attached[np.arange(len(attached)), cuts.roots] = 1.0
    surprises = -np.log(np.maximum([1 - cuts.needed, 1 - cuts.bearing, attached], _FLOOR))
    doubt = -np.log(np.maximum(cuts.tree_probability, _FLOOR))
    reluctance = np.logaddexp(0, np.asarray(cuts.reading.keep))
    measured = np.empty((8, *cuts.kept.shape), dtype=np.float32)
    np.multiply(surprises[:2], cuts.dropped, out=measured[:2])
    np.multiply(surprises[2], cuts.kept, out=measured[2])
    np.multiply(np.stack([doubt, cuts.entropy])[:, None], cuts.kept, out=measured[3:5])
    np.multiply(np.stack([doubt, cuts.entropy, reluctance])[:, None], cuts.tree_cuts, out=measured[5:])
    return np.concatenate([measured.sum(axis=2), measured.max(axis=2)])


def _classes(cuts: Cuts) -> _Columns:
    rows: NDArray[np.float32] = cuts.classes.T
    return rows


def _root(cuts: Cuts) -> _Columns:
    return [
        -np.log(np.maximum(cuts.root_probability[cuts.roots], _FLOOR)),
        cuts.is_tree_root[cuts.roots],
        _tag_groups(cuts)[cuts.roots, _PREDICATE],
        cuts.subjects,
        cuts.all_subjects - cuts.subjects,
    ]


def _sizes(cuts: Cuts) -> _Columns:
    count = cuts.kept.shape[1]
    kept = cuts.kept.sum(axis=1)
    cut_count = cuts.tree_cuts.sum(axis=1)
    return [
        kept,
        np.log1p(count - kept),
        np.full(len(kept), np.log(count)),
        kept / count,
        cut_count,
        np.log1p(cut_count),
    ]


def _gaps(cuts: Cuts) -> _Columns:
    """Look at what stands at the edges of what was cut."""
    groups = _tag_groups(cuts)
    count = len(groups)
    last = count - 1 - cuts.kept[:, ::-1].argmax(axis=1)
    first = cuts.kept.argmax(axis=1)
    gaps = cuts.kept[:, 1:] - cuts.kept[:, :-1]  # -1 before one, 1 after one
    before_gap = (gaps < 0) & (np.arange(count - 1) < last[:, None])
    kinds_before = before_gap.astype(np.float32) @ groups[:-1]
    return [
        before_gap.sum(axis=1),
        first > 0,
        last < count - 1,
        *kinds_before.T[[_HANGING, _MODIFYING, _NOMINAL]],
        (gaps > 0).astype(np.float32) @ groups[1:, _NOMINAL],
        groups[last, _HANGING],
        groups[first, _LINKING],
        groups[first, _PRONOUN],
    ]


def _tag_groups(cuts: Cuts) -> NDArray[np.float32]:
    """Tell of every word which groups of tags its own is of: [n, 6], 0 or 1."""
    return np.array([_GROUPS_OF_TAG.get(tag, _NO_GROUP) for tag in cuts.reading.tags], dtype=np.float32)


def _losses(cuts: Cuts) -> _Columns:
    """Count lost figures and names, and those torn from a neighbour."""
    words = cuts.reading.words
    figures = np.array([not word.isalpha() and any(map(str.isdigit, word)) for word in words], dtype=np.float32)
    names = np.array([word[:1].isupper() for word in words], dtype=np.float32)
    torn = np.abs(cuts.kept[:, 1:] - cuts.kept[:, :-1])
    return [
        cuts.dropped @ figures,
        cuts.tree_cuts @ figures,
        torn @ np.maximum(figures[:-1], figures[1:]),
        cuts.dropped[:, 1:] @ names[1:],
        cuts.tree_cuts @ names,
        torn @ (names[:-1] * names[1:]),
    ]


_GROUPS: tuple[tuple[tuple[str, ...], Callable[[Cuts], _Columns]], ...] = (
    (tuple(f"{name} {of_words}" for of_words in ("sum", "most") for name in _MEASURED), _sums_and_mosts),
    (tuple(f"cut {name}" for name in CLASSES), _classes),
    (("root surprise", "root of tree", "root predicate", "subject kept", "subject lost"), _root),
    (("kept", "log dropped", "log words", "kept share", "cuts", "log cuts"), _sizes),
    (
        (
            "gaps", "starts late", "ends early", "gap after function word", "gap after modifier", "gap after nominal",
            "gap before nominal", "ends in function word", "starts with link", "starts with pronoun",
        ),
        _gaps,
    ),
    (("figures", "figures cut", "figures torn", "capitals", "capitals cut", "capitals torn"), _losses),
)  # fmt: skip
FEATURES = tuple(name for names, _ in _GROUPS for name in names)
"""What the columns of `measure` hold, in order."""
