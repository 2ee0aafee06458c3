"""The judge of gold trees: on small trees whose faults are plain to see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_build.corpora.collapse import ParsedSentence
from briefd_build.evaluation.gold_trees import Faults, judge


def tree(rows: str) -> ParsedSentence:
    """Read one word a row: form, head from 1 or 0 for the root, relation, tag."""
    columns = [row.split() for row in rows.strip().splitlines()]
    words, heads, relations, tags = zip(*columns, strict=True)
    positions = tuple(int(head) - 1 if head != "0" else word for word, head in enumerate(heads))
    return ParsedSentence(" ".join(words), words, positions, relations, tags)


CLINIC = tree("""
The 2 det DET
clinic 5 nsubj NOUN
no 4 advmod ADV
longer 5 advmod ADV
accepts 0 root VERB
walk-in 7 compound NOUN
patients 5 obj NOUN
in 9 case ADP
Marlow 2 nmod PROPN
if 12 mark SCONJ
they 12 nsubj PRON
cough 5 advcl VERB
""")
PILOT = tree("""
He 2 nsubj PRON
denied 0 root VERB
that 6 mark SCONJ
the 5 det DET
pilot 6 nsubj NOUN
slept 2 ccomp VERB
and 8 cc CCONJ
left 2 conj VERB
his 10 nmod:poss PRON
hangar 8 obj NOUN
""")
POLICE = tree("""
Police 2 nsubj NOUN
said 0 root VERB
that 6 mark SCONJ
two 5 nummod NUM
men 6 nsubj NOUN
fled 2 ccomp VERB
""")


def words(sentence: ParsedSentence, kept: str) -> list[int]:
    """Find the kept words, each at its first place."""
    return [sentence.words.index(word) for word in kept.split()]


@pytest.mark.parametrize(
    ("sentence", "kept", "faults"),
    [
        (CLINIC, "The clinic no longer accepts walk-in patients if they cough", Faults()),
        # What is dropped whole takes its links along.
        (CLINIC, "The clinic no longer accepts patients if they cough", Faults()),
        (CLINIC, "The clinic accepts patients if they cough", Faults(meaning=(3,))),
        (CLINIC, "The clinic longer accepts patients if they cough", Faults(needed=(2,))),
        (CLINIC, "The clinic no longer accepts patients", Faults(meaning=(11,))),
        (CLINIC, "clinic no longer accepts if they cough", Faults(needed=(0, 6))),
        (CLINIC, "The clinic no longer accepts patients Marlow if they cough", Faults(needed=(7,))),
        (CLINIC, "The clinic accepts no longer patients in if they cough", Faults(unconnected=(7,))),
        # A statement that is denied may not stand alone; one that is vouched for may, without its "that".
        (PILOT, "the pilot slept", Faults(meaning=(5,), links=(2,))),
        (PILOT, "He left his hangar", Faults(unconnected=(0,), meaning=(7,), links=(6,))),
        (PILOT, "He denied that the pilot slept", Faults()),
        (PILOT, "He denied that the pilot slept left his hangar", Faults(needed=(6,))),
        (POLICE, "two men fled", Faults(links=(2,))),
        (POLICE, "men fled", Faults(needed=(3,), links=(2,))),
        (POLICE, "Police said two men fled", Faults(needed=(2,))),
        (POLICE, "", Faults()),
    ],
)
def test_faults_are_found_where_they_are(sentence: ParsedSentence, kept: str, faults: Faults) -> None:
    assert judge(sentence, words(sentence, kept)) == faults
    assert bool(judge(sentence, words(sentence, kept))) == bool(faults.names())


@st.composite
def trees(draw: st.DrawFn) -> ParsedSentence:
    """Draw trees of words that the judge knows and of ones that it doesn't, in any order."""
    forms = ["no", "longer", "not", "the", "a", "up", "to", "40", "than", "if", "so", "former", "said", "of", "tank"]
    relations = ["nsubj", "obj", "obl", "nmod", "advmod", "amod", "conj", "cc", "case", "ccomp", "advcl", "parataxis"]
    count = draw(st.integers(1, 12))
    order = draw(st.permutations(range(count)))
    heads = list(range(count))
    for place in range(1, count):
        heads[order[place]] = order[draw(st.integers(0, place - 1))]
    chosen = tuple("root" if heads[word] == word else draw(st.sampled_from(relations)) for word in range(count))
    spelled = tuple(draw(st.sampled_from(forms)) for _ in range(count))
    tags = tuple(draw(st.sampled_from(["VERB", "NOUN", "NUM", "PROPN", "ADP", "ADV"])) for _ in range(count))
    return ParsedSentence(" ".join(spelled), spelled, tuple(heads), chosen, tags)


@given(trees(), st.data())
def test_faults_lie_where_their_kinds_say(sentence: ParsedSentence, data: st.DataObject) -> None:
    everything = range(len(sentence.words))
    assert not judge(sentence, everything)
    kept = data.draw(st.sets(st.sampled_from(everything)))
    faults = judge(sentence, kept)
    dropped_beside_kept = {word for word in everything if word not in kept and sentence.heads[word] in kept}
    assert set(faults.needed) <= dropped_beside_kept
    assert set(faults.meaning) - dropped_beside_kept <= kept
    roots = [word for word in kept if sentence.heads[word] == word or sentence.heads[word] not in kept]
    assert len(faults.unconnected) == max(0, len(roots) - 1)
    assert set(faults.unconnected) <= set(roots)
